/**
 * @module
 * Composition root, for `fetch` and `scheduled` alike. What redirects do not need is imported on first use.
 */
import type { ApiServices } from './api/api-services.ts'
import { createSettingsFinder } from './cache/settings-finder.ts'
import type { Config } from './config.ts'
import { type FlushReport, flushHits } from './hits/flush.ts'
import { createHitCounters, type HitCounters } from './hits/hit-counters.ts'
import { createHitRecorder, type HitRecorder } from './hits/hit-recorder.ts'
import { configuredHosts } from './links/host.ts'
import { createLiveLinks } from './live-links.ts'
import { log } from './log.ts'
import type { Breakers } from './operations/health.ts'
import type { Owners } from './owners/owners.ts'
import { createMissGuard } from './redirect/miss-guard.ts'
import type { RedirectServices } from './redirect/redirect-services.ts'
import { visitorKeyStore } from './redis/scripts/visitor-key.ts'
import type { Publisher } from './registers/publisher.ts'
import type { Runtime } from './runtime.ts'
import { openStores, type Stores } from './stores.ts'
import { type Budget, createBudget, leaving } from './subrequests.ts'
import { createVisitGatherer, type VisitGatherer } from './visits/visit-gatherer.ts'

export interface Services extends RedirectServices, ApiServices {
  readonly runtime: Runtime
  readonly hits: HitRecorder
  /** Hits that wait in Redis. */
  readonly counters: HitCounters
  readonly breakers: Breakers
  /** Of the invocation under way, if `countSubrequests` runs it. */
  readonly budget: Budget
  readonly publisher: Publisher
  /** Resolves to `true` if this isolate has won the lock of the hourly reconciliation. */
  readonly claimReconciliation: () => Promise<boolean>
}

const RECONCILE_EVERY_SECONDS = 60 * 60

/** What a test puts in the place of the ways to Upstash and Neon, and of what describes visits. */
export type Given = Partial<Stores> & { readonly visits?: VisitGatherer }

export function createServices(config: Config, runtime: Runtime, given: Given = {}): Services {
  const { now, random } = runtime
  const stores: Stores = { ...openStores(config, now), ...given }
  const { outbox, totals, retention, idempotentResponses } = stores
  const budget = createBudget(config.subrequests)
  const live = createLiveLinks(config, runtime, stores, budget)
  const { links, changeLog, publisher, registers, redis, backgroundRedis, keys } = live
  const breakers = { ...live.breakers, postgres: stores.postgresBreaker }
  const { sealAtLinks, commitWindowMs, maxCommitWindowMs } = config.hits
  const counters = createHitCounters({ redis, backgroundRedis, keys, now, changeLog, sealAtLinks })
  const settings = createSettingsFinder(live.settings)
  const visitorKeys = visitorKeyStore(backgroundRedis, keys)
  const ownHosts = configuredHosts(config)
  const visits = given.visits ?? createVisitGatherer({ visitorKeys, settings, ownHosts, now })
  const hits = createHitRecorder({
    ...{ counters, totals, visits, runtime, commitWindowMs, maxCommitWindowMs },
    prepareWithinMs: config.redis.timeoutMs,
  })
  const flush = async (leave = 0): Promise<FlushReport> => {
    // What this isolate has gathered is flushed too, so that an operator who asks for a flush sees their own hits.
    await hits.commit()
    return flushHits({ counters, totals, budget: leaving(leave, budget) })
  }
  let composed: Owners | undefined

  return {
    config,
    runtime,
    links,
    hits,
    counters,
    breakers,
    budget,
    misses: createMissGuard({ limiter: config.rateLimits.misses, runtime }),
    publisher,
    async owners() {
      const { createOwners } = await import('./owners/owners.ts')
      const ownerStores = await stores.owners()
      // After the last await: two requests that are the first ones get the same.
      const flushHalf = () => flush(Math.floor(budget.left() / 2))
      composed ??= createOwners({
        ...{ stores: ownerStores, publisher, counters, config, runtime },
        flush: flushHalf,
      })
      return composed
    },
    idempotentResponses,
    settings,
    flush,
    async reconcile(full) {
      const { reconcile } = await import('./operations/reconcile.ts')
      const prune = async (leave: number) => {
        await (await idempotentResponses()).prune()
        await (await totals()).prune()
        const { left } = leaving(leave, budget)
        log.info('visits.pruned', { ...(await (await retention()).prune(() => left() > 0)) })
      }
      const options = { redis, keys, registers, publisher, flush, prune, now, budget, outbox: await outbox() }
      return reconcile(options, full)
    },
    async claimReconciliation() {
      return (
        (await redis.command('SET', keys.reconciled, now(), 'NX', 'EX', RECONCILE_EVERY_SECONDS)) === 'OK'
      )
    },
    async warm(count, offset) {
      const { warmUp } = await import('./operations/warm-up.ts')
      return warmUp(
        { links: await stores.links(), outbox: await outbox(), registers, now, random, budget },
        count,
        offset,
      )
    },
    async health() {
      const { checkHealth } = await import('./operations/health.ts')
      return checkHealth({ breakers, counters, outbox, changeLog, recorder: hits, now })
    },
  }
}
