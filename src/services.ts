/**
 * @module
 * Composition root, for `fetch` and `scheduled` alike. Everything that needs Postgres is imported on first use.
 */
import type { ApiServices } from './api/api-services.ts'
import { createBreaker } from './breaker.ts'
import { createSettingsFinder } from './cache/settings-finder.ts'
import type { Config } from './config.ts'
import { type FlushReport, flushHits } from './hits/flush.ts'
import { createHitCounters } from './hits/hit-counters.ts'
import { createHitRecorder, type HitRecorder } from './hits/hit-recorder.ts'
import { createLiveLinks } from './live-links.ts'
import { log } from './log.ts'
import type { Owners } from './owners/owners.ts'
import type { Database } from './postgres/client.ts'
import { createMissGuard } from './redirect/miss-guard.ts'
import type { RedirectServices } from './redirect/redirect-services.ts'
import type { Publisher } from './registers/publisher.ts'
import type { Runtime } from './runtime.ts'
import { isSubrequestLimit } from './subrequest-limit.ts'

export interface Services extends RedirectServices, ApiServices {
  readonly runtime: Runtime
  readonly hits: HitRecorder
  readonly publisher: Publisher
  /** Resolves to whether nobody else has reconciled, or will now, within the hour. */
  readonly claimReconciliation: () => Promise<boolean>
}

const RECONCILE_EVERY_SECONDS = 60 * 60
/** A statement with 20,000 links' hits may take this many times what a visitor waits: Neon may be waking up. */
const FLUSH_PATIENCE = 6

export function createServices(config: Config, runtime: Runtime): Services {
  const { now, random } = runtime
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
  let composed: Owners | undefined
  const postgresLinks = async () =>
    (await import('./postgres/links.ts')).postgresLinks(await database(), config.postgres.retries)
  const postgresSettings = async () =>
    (await import('./postgres/domains.ts')).postgresSettings(await database(), config.postgres.retries)
  const totals = async () =>
    (await import('./postgres/hits.ts')).postgresHits(
      await database(),
      FLUSH_PATIENCE * config.postgres.timeoutMs,
    )
  const outbox = async () => (await import('./postgres/outbox.ts')).postgresOutbox(await database())
  const idempotentResponses = async () =>
    (await import('./postgres/idempotent-responses.ts')).postgresIdempotentResponses(await database())

  const live = createLiveLinks({
    config,
    runtime,
    origins: {
      links: { find: async (key) => (await postgresLinks()).find(key) },
      settings: { find: async (key) => (await postgresSettings()).find(key) },
    },
    outbox,
  })
  const { links, changeLog, publisher, registers, redis, backgroundRedis, keys } = live
  const counters = createHitCounters({ redis, backgroundRedis, keys, now, changeLog })
  const hits = createHitRecorder({ counters, totals, commitWindowMs: config.hits.commitWindowMs, runtime })
  const flush = async (): Promise<FlushReport> => {
    // What this isolate has gathered is flushed too, so that whoever asks for a flush sees their own hits.
    await hits.commit()
    return flushHits({ counters, totals })
  }

  return {
    config,
    runtime,
    links,
    hits,
    misses: createMissGuard({ limiter: config.rateLimits.misses, runtime }),
    publisher,
    async owners() {
      const { createOwners } = await import('./owners/owners.ts')
      const { postgresOwnerStores } = await import('./postgres/owner-stores.ts')
      const stores = postgresOwnerStores(await database())
      // After the last await: two requests that are the first ones get the same.
      composed ??= createOwners({ stores, publisher, counters, flush, config, runtime })
      return composed
    },
    idempotentResponses,
    settings: createSettingsFinder(live.settings),
    flush,
    async reconcile(full) {
      const { reconcile } = await import('./operations/reconcile.ts')
      return reconcile(
        {
          redis,
          keys,
          registers,
          publisher,
          flush,
          now,
          outbox: await outbox(),
          async prune() {
            await (await idempotentResponses()).prune()
            await (await totals()).prune()
          },
        },
        full,
      )
    },
    async claimReconciliation() {
      return (
        (await redis.command('SET', keys.reconciled, now(), 'NX', 'EX', RECONCILE_EVERY_SECONDS)) === 'OK'
      )
    },
    async warm(count, offset) {
      const { warmUp } = await import('./operations/warm-up.ts')
      return warmUp(
        { links: await postgresLinks(), outbox: await outbox(), registers, now, random },
        count,
        offset,
      )
    },
    async health() {
      const { checkHealth } = await import('./operations/health.ts')
      return checkHealth({
        redisBreakers: [live.redisBreaker, live.backgroundBreaker],
        postgresBreakers: [postgresBreaker],
        counters,
        outbox,
        changeLog,
        recorder: hits,
        now,
      })
    },
  }
}
