/**
 * Whether the platform refused to send a request because its invocation has sent as many as it may (50 on Workers Free).
 * The error says only this: https://developers.cloudflare.com/workers/platform/limits/#subrequests. Nothing was sent, and
 * it tells nothing about the store.
 */
export function isSubrequestLimit(error: unknown): boolean {
  return error instanceof Error && /too many subrequests/i.test(error.message)
}
