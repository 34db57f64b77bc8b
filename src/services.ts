/**
 * @module
 * Composition root, for `fetch` and `scheduled` alike. Everything that needs Postgres is imported on first use.
 */
import type { Breaker } from './breaker.ts'
import type { MemoryTier } from './cache/memory-tier.ts'
import type { Config } from './config.ts'
import { type FlushReport, flushHits } from './hits/flush.ts'
import { createHitCounters, type HitCounters } from './hits/hit-counters.ts'
import { createHitRecorder, type HitRecorder } from './hits/hit-recorder.ts'
import { createSettingsFinder, type SettingsFinder } from './links/domain-settings.ts'
import { createLiveLinks } from './live-links.ts'
import type { HealthReport } from './operations/health.ts'
import type { ReconcileReport } from './operations/reconcile.ts'
import type { WarmUpReport } from './operations/warm-up.ts'
import { createLinkEditor, type LinkEditor } from './owners/link-editor.ts'
import type { Management } from './owners/management.ts'
import { createMissGuard, type MissGuard } from './redirect/miss-guard.ts'
import type { Publisher } from './registers/publisher.ts'
import type { Runtime } from './runtime.ts'
import { openStores, type Stores } from './stores.ts'

export interface Services {
  readonly config: Config
  readonly runtime: Runtime
  readonly links: Pick<MemoryTier, 'find' | 'peek'>
  readonly hits: HitRecorder
  /** Hits that wait in Redis. */
  readonly counters: HitCounters
  /** Of each client of a store. */
  readonly breakers: Readonly<Record<'redis' | 'backgroundRedis' | 'postgres', Pick<Breaker, 'state'>>>
  readonly misses: MissGuard
  readonly publisher: Publisher
  /** For the API; opens Postgres. */
  readonly editor: () => Promise<LinkEditor>
  /** As `editor`, for everything but single links. */
  readonly management: () => Promise<Management>
  /** Fallback URLs and defaults of domains; through the same tiers as links. */
  readonly settings: SettingsFinder
  readonly flush: () => Promise<FlushReport>
  readonly reconcile: (full: boolean) => Promise<ReconcileReport>
  /** Resolves to `true` if this isolate has won the lock of the hourly reconciliation. */
  readonly claimReconciliation: () => Promise<boolean>
  readonly warm: (count: number, offset: number) => Promise<WarmUpReport>
  readonly health: () => Promise<HealthReport>
}

const RECONCILE_EVERY_SECONDS = 60 * 60

/** @param given ways to the stores that take the place of those to Upstash and Neon. */
export function createServices(config: Config, runtime: Runtime, given: Partial<Stores> = {}): Services {
  const { now, random } = runtime
  const stores: Stores = { ...openStores(config, now), ...given }
  const { database, outbox, totals } = stores
  let managed: Management | undefined

  const { links, publisher, registers, redis, backgroundRedis, breakers, keys } = createLiveLinks({
    config,
    runtime,
    stores,
  })
  const counters = createHitCounters({
    ...{ redis, backgroundRedis, keys, now, changeLog: links.changeLog },
    sealAtLinks: config.hits.sealAtLinks,
  })
  const hits = createHitRecorder({ counters, totals, commitWindowMs: config.hits.commitWindowMs, runtime })
  const flush = async (): Promise<FlushReport> => {
    // What this isolate has gathered is flushed too, so that an operator who asks for a flush sees their own hits.
    await hits.commit()
    return flushHits({ counters, totals })
  }

  return {
    config,
    runtime,
    links,
    hits,
    counters,
    breakers: { ...breakers, postgres: stores.postgresBreaker },
    misses: createMissGuard({ limiter: config.rateLimits.misses, runtime }),
    publisher,
    async editor() {
      const { postgresLinkRepository } = await import('./postgres/link-repository.ts')
      const { postgresLinkBatches } = await import('./postgres/link-batches.ts')
      const [repository, batches] = [
        postgresLinkRepository(await database()),
        postgresLinkBatches(await database()),
      ]
      return createLinkEditor({ repository, batches, publisher, counters })
    },
    async management() {
      const { createManagement } = await import('./owners/management.ts')
      managed ??= createManagement({ database: await database(), publisher, counters })
      return managed
    },
    settings: createSettingsFinder(links),
    flush,
    async reconcile(full) {
      const { reconcile } = await import('./operations/reconcile.ts')
      const { postgresIdempotentAnswers } = await import('./postgres/idempotent-responses.ts')
      return reconcile(
        {
          redis,
          keys,
          registers,
          publisher,
          flush,
          now,
          links: await stores.links(),
          outbox: await outbox(),
          async prune() {
            await postgresIdempotentAnswers(await database()).prune()
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
      return warmUp({ links: await stores.links(), registers, now, random }, count, offset)
    },
    async health() {
      const { checkHealth } = await import('./operations/health.ts')
      return checkHealth({
        redisBreakers: [breakers.redis, breakers.backgroundRedis],
        postgresBreakers: [stores.postgresBreaker],
        counters,
        outbox,
        changeLog: links.changeLog,
        recorder: hits,
        now,
      })
    },
  }
}
