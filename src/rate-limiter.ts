/**
 * @module
 * Cloudflare's rate limiting binding, as far as linkr uses it: counts per location, eventually consistent, no I/O to
 * wait for on the platform. `wrangler dev` simulates it.
 */
import { describeError, log } from './log.ts'

export interface RateLimiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>
}

/** The period of all limits in wrangler.toml: the binding does not tell when to come back. */
export const RATE_LIMIT_PERIOD_S = 60

export function isRateLimiter(binding: unknown): binding is RateLimiter {
  return typeof binding === 'object' && binding !== null && 'limit' in binding
}

/** Counts one more for `key`; `true` = that was too many. Without a limiter, or when it fails, nothing is too much. */
export async function isOverLimit(limiter: RateLimiter | null, key: string): Promise<boolean> {
  if (limiter === null) return false
  try {
    return !(await limiter.limit({ key })).success
  } catch (error) {
    log.warn('rate_limit.failed', { error: describeError(error) })
    return false
  }
}
