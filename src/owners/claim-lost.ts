import { LinkrError } from '../errors.ts'

/** An attempt took so long that another one has taken its claim over; it has written nothing since. */
export class ClaimLost extends LinkrError {
  override readonly name = 'ClaimLost' as const
  readonly code = 'idempotency_in_progress' as const
  readonly status = 409 as const

  constructor() {
    super('another attempt at this request has begun meanwhile')
  }
}
