import type { Breaker, BreakerState } from '../breaker.ts'
import { IN_SYNC_MS } from '../cache/isolate-memory.ts'
import type { HitCounters } from '../hits/hit-counters.ts'
import type { HitRecorder } from '../hits/hit-recorder.ts'
import type { ChangeLogReader } from '../registers/change-log.ts'
import type { Outbox } from '../registers/outbox.ts'

export interface StoreHealth {
  readonly state: 'up' | 'down'
  /** Of the question that this report asked it; `null` when it did not answer. */
  readonly latencyMs: number | null
  /** This isolate's, the worst of its clients for this store. */
  readonly breaker: BreakerState
}

export interface HealthReport {
  readonly status: 'ok' | 'degraded' | 'down'
  readonly redis: StoreHealth
  readonly postgres: StoreHealth
  /**
   * How old the newest news is on which this isolate serves from memory; `null` = it is idle, and asks Redis before it
   * serves from memory again.
   */
  readonly syncLagMs: number | null
  /** Edits that Redis may lack; `null` = Postgres did not tell. */
  readonly outbox: { readonly depth: number; readonly oldestAgeMs: number | null } | null
  /** Hits on their way; `redis` is `null` when Redis did not tell. */
  readonly hits: {
    readonly redis: { readonly pending: number; readonly oldestAgeMs: number | null } | null
    /** Links with hits that wait in this isolate, and hits it had to drop since it started. */
    readonly isolate: { readonly waitingLinks: number; readonly droppedHits: number }
  }
}

export interface HealthOptions {
  readonly breakers: Breakers
  readonly counters: Pick<HitCounters, 'waiting'>
  readonly outbox: () => Promise<Pick<Outbox, 'depth'>>
  readonly changeLog: Pick<ChangeLogReader, 'syncedAt'>
  readonly recorder: Pick<HitRecorder, 'state'>
  readonly now: () => number
}

/** Of each client of a store. */
export type Breakers = Readonly<Record<'redis' | 'backgroundRedis' | 'postgres', Pick<Breaker, 'state'>>>

/** Asks each store something real, at the same time, and never throws. */
export async function checkHealth(options: HealthOptions): Promise<HealthReport> {
  const { breakers, counters, outbox, changeLog, recorder, now } = options
  const [waiting, depth] = await Promise.all([
    timed(now, () => counters.waiting()),
    timed(now, async () => (await outbox()).depth()),
  ])
  const upCount = [waiting, depth].filter(({ result }) => result !== null).length
  const ageOf = (date: Date | null): number | null => (date === null ? null : now() - date.getTime())
  const ages = waiting.result?.flatMap(({ since }) => ageOf(since) ?? []) ?? []
  const syncLagMs = now() - changeLog.syncedAt()
  return {
    status: upCount === 2 ? 'ok' : upCount === 1 ? 'degraded' : 'down',
    redis: storeHealth(waiting, [breakers.redis, breakers.backgroundRedis]),
    postgres: storeHealth(depth, [breakers.postgres]),
    syncLagMs: syncLagMs < IN_SYNC_MS ? syncLagMs : null,
    outbox: depth.result && { depth: depth.result.depth, oldestAgeMs: ageOf(depth.result.oldestAt) },
    hits: {
      redis: waiting.result && {
        pending: waiting.result.reduce((sum, { hits }) => sum + hits, 0),
        oldestAgeMs: ages.length === 0 ? null : Math.max(...ages),
      },
      isolate: recorder.state(),
    },
  }
}

interface Timed<T> {
  readonly result: T | null
  readonly latencyMs: number
}

async function timed<T>(now: () => number, ask: () => Promise<T>): Promise<Timed<T>> {
  const startedAt = now()
  const result = await ask().catch(() => null)
  return { result, latencyMs: now() - startedAt }
}

function storeHealth(
  { result, latencyMs }: Timed<unknown>,
  breakers: readonly Pick<Breaker, 'state'>[],
): StoreHealth {
  const isUp = result !== null
  const states = breakers.map((breaker) => breaker.state())
  const breaker = WORST_FIRST.find((state) => states.includes(state)) ?? 'closed'
  return { state: isUp ? 'up' : 'down', latencyMs: isUp ? latencyMs : null, breaker }
}

const WORST_FIRST: readonly BreakerState[] = ['open', 'half-open']
