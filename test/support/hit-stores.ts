import { createBreaker } from '../../src/breaker.ts'
import { parseConfig } from '../../src/config.ts'
import { type FlushReport, flushHits } from '../../src/hits/flush.ts'
import { createHitCounters, type HitCounters } from '../../src/hits/hit-counters.ts'
import type { HitTotals } from '../../src/hits/hit-totals.ts'
import type { StatsPurge } from '../../src/owners/stats-purge.ts'
import { openDatabase } from '../../src/postgres/client.ts'
import { postgresHits } from '../../src/postgres/hits.ts'
import { postgresStatsPurge } from '../../src/postgres/stats-purge.ts'
import { postgresVisitRetention } from '../../src/postgres/visit-retention.ts'
import { createRedisClient } from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import type { VisitRetention } from '../../src/visits/visit-retention.ts'
import type { Stores } from './stores.ts'

/** The parts through which hits go, over the stores of a test. */
export interface HitStores {
  /** What one isolate knows of Redis. */
  newCounters(): HitCounters
  readonly totals: HitTotals
  /** @param now milliseconds since the epoch. */
  retention(now: number, maxRunMs?: number): VisitRetention
  readonly purge: StatsPurge
  flush(counters?: Partial<HitCounters>, totals?: Partial<HitTotals>): Promise<FlushReport>
  /** Ids of new links. */
  makeLinks(count: number): Promise<string[]>
  /** All hits that Postgres has. */
  total(): Promise<number>
}

export const SEAL_AT_LINKS = 200

export function openHitStores(stores: Stores): HitStores {
  const config = parseConfig({ ...stores.bindings, ADMIN_TOKEN: 'not-used-in-this-test' })
  const keys = createKeys(config.redis.keyPrefix)
  const breaker = createBreaker({ now: Date.now, isOutage: () => false })
  const redis = createRedisClient({ ...config.redis, timeoutMs: 5_000 }, breaker)
  const changeLog = { cursor: () => '', receive() {}, missed() {} }
  const database = openDatabase(config.postgres, breaker)
  const totals = postgresHits(database, {
    ...{ within: 30_000, now: Date.now, visitLogDays: config.visits.logDays },
  })
  const newCounters = () =>
    createHitCounters({
      ...{ redis, backgroundRedis: redis, keys, changeLog },
      ...{ now: Date.now, sealAtLinks: SEAL_AT_LINKS },
    })
  return {
    newCounters,
    totals,
    retention: (now, maxRunMs) =>
      postgresVisitRetention(database, {
        ...{ within: 30_000, now: () => now, ...config.visits },
        ...(maxRunMs === undefined ? {} : { maxRunMs }),
      }),
    purge: postgresStatsPurge(database),
    flush: (counters, store) =>
      flushHits({
        counters: { ...newCounters(), ...counters },
        totals: async () => ({ ...totals, ...store }),
        budget: { left: () => Number.POSITIVE_INFINITY },
      }),
    async makeLinks(count) {
      const rows = await stores.sql<{ id: string }>(
        `INSERT INTO links (domain, code, url) SELECT '*', 'flush-' || n, 'https://example.com/'
         FROM generate_series(1, $1::int) AS n RETURNING id`,
        [count],
      )
      return rows.map(({ id }) => id)
    },
    async total() {
      const [row] = await stores.sql<{ sum: string }>('SELECT coalesce(sum(hits), 0) AS sum FROM link_hits')
      return Number(row?.sum)
    },
  }
}
