import { BoundedCache } from '../cache/bounded-cache.ts'
import { isOverLimit, RATE_LIMIT_PERIOD_S, type RateLimiter } from '../rate-limiter.ts'
import type { Runtime } from '../runtime.ts'

/** Keeps those who try out codes away from the stores: each guess would cost a Redis key and a SELECT. */
export interface MissGuard {
  /** Whether this client has asked for so many codes that do not exist that no store is to be asked for it now. */
  isShut(client: string | null): boolean
  /** Notes that a store had to be asked to find out that there is no such link. Nobody waits for it. */
  count(client: string | null): void
}

export interface MissGuardOptions {
  /** By client; `null` = no binding, and nobody is shut out. */
  readonly limiter: RateLimiter | null
  readonly runtime: Pick<Runtime, 'now' | 'background'>
}

const MAX_SHUT = 5_000

export function createMissGuard({ limiter, runtime }: MissGuardOptions): MissGuard {
  const shutUntil = new BoundedCache<number>({ maxEntries: MAX_SHUT })

  async function shutIfOver(client: string): Promise<void> {
    if (await isOverLimit(limiter, client)) {
      shutUntil.set(client, runtime.now() + RATE_LIMIT_PERIOD_S * 1000)
    }
  }

  return {
    isShut: (client) => client !== null && (shutUntil.get(client) ?? 0) > runtime.now(),
    count(client) {
      if (client !== null && limiter !== null) runtime.background('misses.count_failed', shutIfOver(client))
    },
  }
}
