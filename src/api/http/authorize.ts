import type { MiddlewareHandler } from 'hono'
import type { Scope } from '../../owners/api-key.ts'
import { isOverLimit, RATE_LIMIT_PERIOD_S, type RateLimiter } from '../../rate-limiter.ts'
import { type ApiEnv, hasScope } from './caller.ts'
import { Problem } from './problem.ts'

/**
 * Admits callers that have the scope, as often as they may change something.
 * @param writes of requests that change something, by caller.
 */
export function authorize(scope: Scope, writes: RateLimiter | null): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { caller } = c.var
    if (!hasScope(caller, scope)) {
      throw new Problem(403, 'scope_missing', `This API key lacks the scope "${scope}".`)
    }
    const isWrite = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    if (isWrite && (await isOverLimit(writes, caller.id))) {
      const detail = `Too many changes in a minute. Try again in ${RATE_LIMIT_PERIOD_S} s, or use the bulk routes.`
      throw new Problem(429, 'rate_limited', detail)
    }
    await next()
  }
}
