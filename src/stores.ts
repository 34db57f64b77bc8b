/**
 * @module
 * The ways to both stores. Everything that needs Postgres is imported on first use.
 */
import type { IdempotentResponses } from './api/http/idempotent-responses.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import type { Config } from './config.ts'
import type { HitTotals } from './hits/hit-totals.ts'
import type { SettingsSource } from './links/domain-settings.ts'
import type { LinkSource } from './links/link-source.ts'
import { log } from './log.ts'
import type { MostHitLinks } from './operations/warm-up.ts'
import type { OwnerStores } from './owners/owners.ts'
import type { Database } from './postgres/client.ts'
import { type RedisTransport, upstash } from './redis/client.ts'
import type { Outbox } from './registers/outbox.ts'
import { isSubrequestLimit } from './subrequest-limit.ts'
import type { VisitRetention } from './visits/visit-retention.ts'

export interface Stores {
  /** Makes the way to Redis for a time-out in milliseconds. */
  readonly redis: (timeoutMs: number) => RedisTransport
  /** Of everything below, which is in Postgres. */
  readonly postgresBreaker: Breaker
  readonly links: () => Promise<LinkSource & MostHitLinks>
  readonly settings: () => Promise<SettingsSource>
  readonly outbox: () => Promise<Outbox>
  readonly totals: () => Promise<HitTotals>
  readonly retention: () => Promise<VisitRetention>
  readonly owners: () => Promise<OwnerStores>
  readonly idempotentResponses: () => Promise<IdempotentResponses>
}

/** A statement with 20,000 links' hits may take this many times what a visitor waits: Neon may be waking up. */
const FLUSH_PATIENCE = 6

/** Upstash's REST client, and Neon. Opens nothing yet. */
export function openStores(config: Pick<Config, 'redis' | 'postgres' | 'visits'>, now: () => number): Stores {
  const { timeoutMs, retries } = config.postgres
  const within = FLUSH_PATIENCE * timeoutMs
  const postgresBreaker = createBreaker({
    now,
    isOutage: (error) => (isSubrequestLimit(error) ? null : true),
    onOpen: () => log.error('postgres.breaker_opened'),
  })
  // Only the result is shared between requests, never a promise: a cancelled request would take it along.
  let opened: Database | undefined
  const database = async (): Promise<Database> => {
    const { openDatabase } = await import('./postgres/client.ts')
    opened ??= openDatabase(config.postgres, postgresBreaker)
    return opened
  }
  return {
    redis: (redisTimeoutMs) => upstash({ ...config.redis, timeoutMs: redisTimeoutMs }),
    postgresBreaker,
    links: async () => (await import('./postgres/links.ts')).postgresLinks(await database(), retries),
    settings: async () =>
      (await import('./postgres/domain-store.ts')).postgresSettings(await database(), retries),
    outbox: async () => (await import('./postgres/outbox.ts')).postgresOutbox(await database()),
    totals: async () => {
      const { postgresHits } = await import('./postgres/hits.ts')
      return postgresHits(await database(), { within, now, visitLogDays: config.visits.logDays })
    },
    retention: async () => {
      const { postgresVisitRetention } = await import('./postgres/visit-retention.ts')
      return postgresVisitRetention(await database(), { within, now, ...config.visits })
    },
    owners: async () => {
      const { postgresOwnerStores } = await import('./postgres/owner-stores.ts')
      return postgresOwnerStores(await database(), { within, now, visitLogDays: config.visits.logDays })
    },
    idempotentResponses: async () =>
      (await import('./postgres/idempotent-responses.ts')).postgresIdempotentResponses(await database()),
  }
}
