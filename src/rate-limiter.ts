/**
 * @module
 * Cloudflare's rate limiting binding: counts per location, eventually consistent, without waiting for I/O.
 * `wrangler dev` simulates it.
 */
import { describeError, log } from './log.ts'

export interface RateLimiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>
}

/** The period of all limits in wrangler.toml, for `Retry-After`: the binding does not report it. */
export const RATE_LIMIT_PERIOD_S = 60

export function isRateLimiter(binding: unknown): binding is RateLimiter {
  return typeof binding === 'object' && binding !== null && 'limit' in binding
}

/** Counts one more for `key`; `true` = over the limit. Fails open: without a limiter, or when it fails, `false`. */
export async function isOverLimit(limiter: RateLimiter | null, key: string): Promise<boolean> {
  if (limiter === null) return false
  try {
    return !(await limiter.limit({ key })).success
  } catch (error) {
    log.warn('rate_limit.failed', { error: describeError(error) })
    return false
  }
}
