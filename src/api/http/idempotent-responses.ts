/** A response as it is stored. */
export interface StoredResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Claim =
  /** The request is new, or its attempts before are lost: the caller processes it. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'completed'; readonly response: StoredResponse }
  | { readonly kind: 'in-progress' }
  /** The key belongs to another request. */
  | { readonly kind: 'reused' }

/** One of any number of attempts at a request. */
export interface Attempt {
  /** Keys of different callers never meet. */
  readonly caller: string
  readonly key: string
  /** Drawn for this attempt. */
  readonly attempt: string
}

export interface ClaimRequest extends Attempt {
  readonly requestHash: string
}

/**
 * One of the writes of a request. The statement that writes also records, beside the claim, what it has written: so
 * Postgres does either both or neither, even if its result is lost. It begins by locking the claim. A write that is
 * recorded already is not done again, and returns what is recorded; an attempt that has lost its claim writes
 * nothing. So a repetition that makes the same writes in the same order takes up where the attempts before it stopped.
 */
export interface WriteStep extends Attempt {
  /** Counts the writes of the request from 0. */
  readonly step: number
}

/** A crashed attempt blocks its key for this long; longer than the platform lets any request go on. */
export const ATTEMPT_LOST_AFTER_S = 60
export const KEEP_RESPONSES_FOR_S = 24 * 60 * 60

/** The responses to requests that may be repeated. Every method throws `SourceUnavailable` when Postgres fails. */
export interface IdempotentResponses {
  /** Atomic: of any number of concurrent requests with one key, one is told to go on. */
  claim(request: ClaimRequest): Promise<Claim>
  /** Stores the response, unless the attempt has lost its claim meanwhile. */
  store(request: ClaimRequest, response: StoredResponse): Promise<void>
  /** Gives the claim back to the next attempt. What this one has written stays recorded, the key stays the request's. */
  release(request: ClaimRequest): Promise<void>
  /** Forgets what is out of date. */
  prune(): Promise<void>
}
