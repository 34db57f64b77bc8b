import { BoundedCache } from '../cache/bounded-cache.ts'
import { isOverLimit, RATE_LIMIT_PERIOD_S, type RateLimiter } from '../rate-limiter.ts'
import type { Runtime } from '../runtime.ts'

/** Keeps clients that guess codes away from the stores: each guess would cost a Redis key and a SELECT. */
export interface MissGuard {
  /** True while no store may be asked for this client, because it asked for too many codes that do not exist. */
  isBlocked(client: string | null): boolean
  /** Counts a link that a store was asked for and did not have. Returns at once. */
  count(client: string | null): void
}

export interface MissGuardOptions {
  /** By client; `null` = no binding, and no client is ever blocked. */
  readonly limiter: RateLimiter | null
  readonly runtime: Pick<Runtime, 'now' | 'background'>
}

const MAX_BLOCKED = 5_000

export function createMissGuard({ limiter, runtime }: MissGuardOptions): MissGuard {
  const blockedUntil = new BoundedCache<number>({ maxEntries: MAX_BLOCKED })

  async function blockIfOver(client: string): Promise<void> {
    if (await isOverLimit(limiter, client)) {
      blockedUntil.set(client, runtime.now() + RATE_LIMIT_PERIOD_S * 1000)
    }
  }

  return {
    isBlocked: (client) => client !== null && (blockedUntil.get(client) ?? 0) > runtime.now(),
    count(client) {
      if (client !== null && limiter !== null) runtime.background('misses.count_failed', blockIfOver(client))
    },
  }
}
