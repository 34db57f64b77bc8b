import type { Context, MiddlewareHandler } from 'hono'
import { timingSafeEqual } from 'hono/utils/buffer'
import { BoundedCache } from '../../cache/bounded-cache.ts'
import { clientOf } from '../../client-address.ts'
import type { KeyRing } from '../../owners/key-ring.ts'
import { isOverLimit, RATE_LIMIT_PERIOD_S, type RateLimiter } from '../../rate-limiter.ts'
import { ADMIN, type ApiEnv, type Caller } from './caller.ts'
import { Problem } from './problem.ts'

export interface AuthenticateOptions {
  /** None once there is an API key that can do the same; two while one takes the place of the other. */
  readonly adminTokens: readonly string[]
  readonly keyRing: () => Promise<Pick<KeyRing, 'find' | 'trusts'>>
  /** Of failed attempts, by client. */
  readonly failures: RateLimiter | null
  readonly now: () => number
}

/** Clients that are remembered to have failed too often, so that their further guesses never reach Postgres. */
const MAX_BLOCKED = 1_000

/** Admits requests with `Authorization: Bearer <API key or ADMIN_TOKEN>`, and sets their caller. */
export function authenticate(options: AuthenticateOptions): MiddlewareHandler<ApiEnv> {
  const { adminTokens, keyRing, failures, now } = options
  const blockedUntil = new BoundedCache<number>({ maxEntries: MAX_BLOCKED })

  async function identify(token: string, client: string): Promise<Caller | null> {
    for (const adminToken of adminTokens) if (await timingSafeEqual(token, adminToken)) return ADMIN
    if ((blockedUntil.get(client) ?? 0) > now() && !(await (await keyRing()).trusts(token)))
      throw tooManyFailures()
    return (await keyRing()).find(token)
  }

  async function refuse(client: string): Promise<never> {
    if ((blockedUntil.get(client) ?? 0) > now()) throw tooManyFailures()
    if (await isOverLimit(failures, client)) {
      blockedUntil.set(client, now() + RATE_LIMIT_PERIOD_S * 1000)
      throw tooManyFailures()
    }
    throw unauthorized()
  }

  return async (c, next) => {
    const token = bearerToken(c)
    // It guesses nothing, so it does not count: any web page could shut out its visitor's whole office with it.
    if (token === null) throw unauthorized()
    const client = clientOf(c.req.raw.headers) ?? 'unknown'
    c.set('caller', (await identify(token, client)) ?? (await refuse(client)))
    await next()
  }
}

function bearerToken(c: Context): string | null {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(c.req.header('Authorization') ?? '')?.[1] ?? null
}

function unauthorized(): Problem {
  const fix = 'Send the header "Authorization: Bearer <API key>" with a key that has not expired.'
  return new Problem(401, 'unauthorized', fix)
}

function tooManyFailures(): Problem {
  const detail = `Too many failed attempts from your address. Try again in ${RATE_LIMIT_PERIOD_S} s.`
  return new Problem(429, 'too_many_failures', detail)
}
