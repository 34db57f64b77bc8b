/**
 * @module
 * Composition root, for `fetch` and `scheduled` alike. Everything that needs Postgres is imported on first use.
 */
import { createBreaker } from './breaker.ts'
import type { MemoryTier } from './cache/memory-tier.ts'
import type { Config } from './config.ts'
import { type FlushReport, flushHits } from './hits/flush.ts'
import { createHitCounters } from './hits/hit-counters.ts'
import { createHitRecorder, type HitRecorder } from './hits/hit-recorder.ts'
import { createSettingsFinder, type SettingsFinder } from './links/domain-settings.ts'
import { createLiveLinks } from './live-links.ts'
import { log } from './log.ts'
import type { HealthReport } from './operations/health.ts'
import type { ReconcileReport } from './operations/reconcile.ts'
import type { WarmUpReport } from './operations/warm-up.ts'
import { createLinkEditor, type LinkEditor } from './owners/link-editor.ts'
import type { Management } from './owners/management.ts'
import type { Database } from './postgres/client.ts'
import { createMissGuard, type MissGuard } from './redirect/miss-guard.ts'
import type { Publisher } from './registers/publisher.ts'
import type { Runtime } from './runtime.ts'
import { isSubrequestLimit } from './subrequest-limit.ts'

export interface Services {
  readonly config: Config
  readonly runtime: Runtime
  readonly links: Pick<MemoryTier, 'find' | 'peek'>
  readonly hits: HitRecorder
  readonly misses: MissGuard
  readonly publisher: Publisher
  /** For the API; opens Postgres. */
  readonly editor: () => Promise<LinkEditor>
  /** As `editor`, for everything but single links. */
  readonly management: () => Promise<Management>
  /** What domains show where they have no link; through the same tiers as links. */
  readonly settings: SettingsFinder
  readonly flush: () => Promise<FlushReport>
  readonly reconcile: (full: boolean) => Promise<ReconcileReport>
  /** Resolves to whether nobody else has reconciled, or will now, within the hour. */
  readonly claimReconciliation: () => Promise<boolean>
  readonly warm: (count: number, offset: number) => Promise<WarmUpReport>
  readonly health: () => Promise<HealthReport>
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
  let managed: Management | undefined
  const postgresLinks = async () =>
    (await import('./postgres/links.ts')).postgresLinks(await database(), config.postgres.retries)
  const totals = async () =>
    (await import('./postgres/hits.ts')).postgresHits(
      await database(),
      FLUSH_PATIENCE * config.postgres.timeoutMs,
    )
  const outbox = async () => (await import('./postgres/outbox.ts')).postgresOutbox(await database())

  const { links, publisher, registers, redis, backgroundRedis, redisBreaker, backgroundBreaker, keys } =
    createLiveLinks({
      config,
      runtime,
      origin: { find: async (key) => (await postgresLinks()).find(key) },
      outbox,
    })
  const counters = createHitCounters({ redis, backgroundRedis, keys, now, changeLog: links.changeLog })
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
      const { postgresIdempotentResponses } = await import('./postgres/idempotent-responses.ts')
      return reconcile(
        {
          redis,
          keys,
          registers,
          publisher,
          flush,
          now,
          links: await postgresLinks(),
          outbox: await outbox(),
          async prune() {
            await postgresIdempotentResponses(await database()).prune()
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
      return warmUp({ links: await postgresLinks(), registers, now, random }, count, offset)
    },
    async health() {
      const { checkHealth } = await import('./operations/health.ts')
      return checkHealth({
        redisBreakers: [redisBreaker, backgroundBreaker],
        postgresBreakers: [postgresBreaker],
        counters,
        outbox,
        changeLog: links.changeLog,
        recorder: hits,
        now,
      })
    },
  }
}
