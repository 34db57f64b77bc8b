import { SourceUnavailable } from './errors.ts'

/**
 * Whether the platform refused to send a request because its invocation has sent as many as it may (50 on Workers Free).
 * The error says only this: https://developers.cloudflare.com/workers/platform/limits/#subrequests. Nothing was sent, and
 * it tells nothing about the store.
 */
export function isSubrequestLimit(error: unknown): boolean {
  return error instanceof Error && /too many subrequests/i.test(error.message)
}

/** Whether a store was out of reach only because this invocation may send no more: the next one can go on. */
export const isCutShort = (error: unknown): boolean =>
  error instanceof SourceUnavailable && isSubrequestLimit(error.cause)

/** Stops work before the platform does, while there is something left for the rest of the invocation. */
export const cutShort = (store: SourceUnavailable['store']): SourceUnavailable =>
  new SourceUnavailable(store, new Error('Too many subrequests would be sent.'), false)
