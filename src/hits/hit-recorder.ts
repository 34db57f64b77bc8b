import { SourceUnavailable } from '../errors.ts'
import { describeError, log } from '../log.ts'
import type { Runtime } from '../runtime.ts'
import { batchId, type HitBatch, type HitCounters } from './hit-counters.ts'
import type { HitTotals } from './postgres-hits.ts'

export interface HitRecorderOptions {
  readonly counters: Pick<HitCounters, 'commit'>
  /** Where batches go that were never sent to Redis, because it is known to be down. */
  readonly totals: () => Promise<Pick<HitTotals, 'apply'>>
  readonly commitWindowMs: number
  readonly runtime: Pick<Runtime, 'now' | 'sleep' | 'background'>
  /** Bounds the memory that hits may take while no store takes them; hits of further links are dropped. */
  readonly maxLinks?: number
}

export interface HitRecorder {
  /** Counts one hit. Returns at once; Redis has it after the commit window. */
  record(linkId: string): void
  /** Commits what has been gathered now, without waiting for the window. Resolves to whether a store has all of it. */
  commit(): Promise<boolean>
  /** Links whose hits wait in this isolate, and hits dropped since it started. */
  readonly state: () => { readonly waitingLinks: number; readonly droppedHits: number }
}

/** A leader goes on trying for this long; the platform ends background work 30 s after the response. */
const LEADER_TRIES_FOR_MS = 20_000
/** A leader that the platform cut off never finishes: after this long another one takes over. */
const LEADER_LOST_AFTER_MS = 35_000

/**
 * Gathers an isolate's hits in memory and commits them in batches. The first hit after a commit becomes the leader: its
 * request is kept alive in the background until the window is over and the batch is sent. A batch goes to one store and
 * keeps its identity, so it is added once however often it is sent: to Redis, or, if Redis is known to be down and has
 * certainly not seen it, straight to Postgres. What no store takes stays for the next leader.
 */
export function createHitRecorder(options: HitRecorderOptions): HitRecorder {
  const { counters, totals, commitWindowMs, runtime, maxLinks = 50_000 } = options
  const isolate = crypto.randomUUID()
  let gathered = new Map<string, number>()
  /** May have reached Redis, so nobody else may get it. */
  let forRedis: HitBatch | null = null
  /** May have reached Postgres. */
  let forPostgres: HitBatch | null = null
  let lastSequence = 0
  let droppedHits = 0
  let leaderSince = Number.NEGATIVE_INFINITY
  let committingSince = Number.NEGATIVE_INFINITY

  async function lead(since: number): Promise<void> {
    try {
      do {
        await runtime.sleep(commitWindowMs)
        const isLastTry = runtime.now() - since + commitWindowMs >= LEADER_TRIES_FOR_MS
        const isDone = await commit(isLastTry)
        // Hits that came during the commit have no leader yet. They get a window of their own too, not a request.
        if (isDone && gathered.size === 0) return
      } while (runtime.now() - since < LEADER_TRIES_FOR_MS)
      log.error('hits.commit_given_up', { waitingLinks: waitingLinks(), droppedHits })
    } finally {
      if (leaderSince === since) leaderSince = Number.NEGATIVE_INFINITY
    }
  }

  /** One at a time: what is ambiguous to one commit, another must not take for never sent. */
  async function commit(untilNoneWaits = true): Promise<boolean> {
    const startedAt = runtime.now()
    if (startedAt - committingSince < LEADER_LOST_AFTER_MS) return false
    committingSince = startedAt
    try {
      return await commitAll(untilNoneWaits)
    } finally {
      committingSince = Number.NEGATIVE_INFINITY
    }
  }

  /**
   * Resolves to whether everything gathered so far is in a store.
   * @param untilNoneWaits goes on with what is gathered meanwhile.
   */
  async function commitAll(untilNoneWaits: boolean): Promise<boolean> {
    for (let hasTaken = false; ; ) {
      if (forPostgres !== null && !(await commitToPostgres(forPostgres))) return false
      if (forRedis === null && (gathered.size === 0 || (hasTaken && !untilNoneWaits))) return true
      const isNew = forRedis === null
      hasTaken ||= isNew
      const batch: HitBatch = forRedis ?? takeBatch()
      forRedis = batch
      const outcome = await commitToRedis(batch)
      if (outcome === 'committed') {
        if (forRedis === batch) forRedis = null
      } else if (outcome === 'never-sent' && isNew) {
        forRedis = null
        forPostgres = batch
      } else {
        // It waits for Redis. Later hits need not, once Redis is known to be down.
        if (outcome === 'never-sent' && gathered.size > 0) {
          forPostgres = takeBatch()
          await commitToPostgres(forPostgres)
        }
        return false
      }
    }
  }

  async function commitToRedis(batch: HitBatch): Promise<'committed' | 'ambiguous' | 'never-sent'> {
    try {
      await counters.commit(batch)
      return 'committed'
    } catch (error) {
      const wasSent = !(error instanceof SourceUnavailable) || error.wasSent
      if (wasSent) log.warn('hits.commit_failed', { error: describeError(error) })
      return wasSent ? 'ambiguous' : 'never-sent'
    }
  }

  async function commitToPostgres(batch: HitBatch): Promise<boolean> {
    try {
      await (await totals()).apply({ id: batchId(batch), hits: batch.hits })
      if (forPostgres === batch) forPostgres = null
      return true
    } catch (error) {
      log.warn('hits.direct_commit_failed', { error: describeError(error) })
      return false
    }
  }

  function takeBatch(): HitBatch {
    lastSequence = Math.max(lastSequence + 1, runtime.now())
    const batch = { isolate, sequence: lastSequence, hits: gathered }
    gathered = new Map()
    return batch
  }

  const waitingLinks = (): number =>
    gathered.size + (forRedis?.hits.size ?? 0) + (forPostgres?.hits.size ?? 0)

  return {
    commit,
    state: () => ({ waitingLinks: waitingLinks(), droppedHits }),
    record(linkId) {
      const hits = gathered.get(linkId)
      if (hits === undefined && gathered.size >= maxLinks) droppedHits++
      else gathered.set(linkId, (hits ?? 0) + 1)
      const now = runtime.now()
      if (now - leaderSince < LEADER_LOST_AFTER_MS) return
      leaderSince = now
      runtime.background('hits.leader_failed', lead(now))
    },
  }
}
