import type { Attempt } from '../../owners/write-step.ts'

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

export interface ClaimRequest extends Attempt {
  readonly requestHash: string
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
