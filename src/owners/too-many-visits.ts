import { LinkrError } from '../errors.ts'

/** A question about visits takes Postgres longer than a request may last. */
export class TooManyVisits extends LinkrError {
  override readonly name = 'TooManyVisits' as const
  readonly code = 'too_many_visits' as const
  readonly status = 422 as const

  constructor() {
    super('This takes too long to count. Ask for a shorter range, for fewer links, or without filters.')
  }
}
