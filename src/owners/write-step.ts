import { LinkrError } from '../errors.ts'

/** One of any number of attempts at a request. */
export interface Attempt {
  /** Keys of different callers never meet. */
  readonly caller: string
  readonly key: string
  /** Drawn for this attempt. */
  readonly attempt: string
}

/**
 * One of the writes of a request. The statement that writes also records, beside the claim, what it has written: so
 * Postgres does either both or neither, even if its response is lost. It begins by locking the claim. A write that is
 * recorded already is not done again, and returns what is recorded; an attempt that has lost its claim writes
 * nothing. So a repetition that makes the same writes in the same order takes up where the attempts before it stopped.
 */
export interface WriteStep extends Attempt {
  /** Counts the writes of the request from 0. */
  readonly step: number
}

/** @param attempt `null` = of a request without Idempotency-Key: its writes are not recorded. */
export const writeStep = (attempt: Attempt | null, step: number): WriteStep | null =>
  attempt === null ? null : { ...attempt, step }

/** An attempt took so long that another one has taken its claim over; it has written nothing since. */
export class ClaimLost extends LinkrError {
  override readonly name = 'ClaimLost' as const
  readonly code = 'idempotency_in_progress' as const
  readonly status = 409 as const

  constructor() {
    super('another attempt at this request has begun meanwhile')
  }
}
