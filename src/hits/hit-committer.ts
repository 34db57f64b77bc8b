import { describeError, log } from '../log.ts'
import type { Runtime } from '../runtime.ts'
import type { VisitGatherer } from '../visits/visit-gatherer.ts'
import type { VisitLines } from '../visits/visit-lines.ts'
import { type CommitOutcome, outcomeOf } from './commit-outcome.ts'
import { batchId, type HitBatch, type HitCounters } from './hit-counters.ts'
import type { HitTotals } from './hit-totals.ts'
import { logLosses } from './log-losses.ts'

export interface HitCommitterOptions {
  readonly counters: Pick<HitCounters, 'commit'>
  /** Where batches go that Redis has certainly not got, because it is known to be down. */
  readonly totals: () => Promise<Pick<HitTotals, 'apply'>>
  /** What is known of the hits; each batch takes along what there is. */
  readonly visits: Pick<VisitGatherer, 'prepare' | 'take' | 'putBack' | 'isEmpty'>
  /** A commit waits no longer for that to be prepared. */
  readonly prepareWithinMs: number
  readonly runtime: Pick<Runtime, 'now' | 'sleep' | 'background'>
  /** Bounds the memory that hits may take while no store takes them; hits of further links are dropped. */
  readonly maxLinks?: number
}

export interface HitCommitter {
  /** Counts one hit in memory, or drops it and returns `false`. */
  add(linkId: string): boolean
  /**
   * Sends what is there now, and nothing that comes meanwhile. Serialized: a second commit could treat a batch in flight
   * as never sent.
   * @param isLast no further commit may follow for a while, or a caller waits for this one.
   * @returns `'spent'` = this invocation may send no more requests; `null` = another commit is under way.
   */
  commit(isLast: boolean): Promise<CommitOutcome | null>
  /** True if what is there should not wait for more: it is worth a commit, or Redis may have it already. */
  readonly isDue: () => boolean
  /** Whether nothing waits to be sent. */
  readonly isIdle: () => boolean
  /** Links with hits that no store has confirmed, and hits dropped since it started. */
  readonly state: () => { readonly waitingLinks: number; readonly droppedHits: number }
  /** True while a batch that may have reached a store is unconfirmed. */
  readonly isInDoubt: () => boolean
}

/** A commit that was cut off never finishes: after this long another one takes over. */
export const LOST_AFTER_MS = 35_000
/** A commit of so many hits costs 0.13 Redis commands a hit; waiting for more would save little. */
const WORTH_A_COMMIT = 32
/** After so many failures in a row Redis is bypassed, whatever the circuit breaker says. */
const FAILURES_TO_BYPASS = 3
/** While Redis is down an isolate writes to Postgres this often and at the end of a leader, not once a window. */
const DIRECT_EVERY_MS = 30_000

/** A batch whose text can be taken apart again. */
interface TakenBatch extends HitBatch {
  readonly lines: VisitLines
}

/**
 * Gathers hits into batches, and sends these. A batch keeps its identity from the moment it is taken and goes to one
 * store, so it is added once however often it is sent: to Redis, or, if Redis is known to be down and has certainly not
 * got it, straight to Postgres. Neither way waits for the other.
 */
export function createHitCommitter(options: HitCommitterOptions): HitCommitter {
  const { counters, totals, visits, runtime, maxLinks = 50_000 } = options
  /** Under which the batches are numbered. */
  let isolate = crypto.randomUUID()
  let gathered = new Map<string, number>()
  /** May have reached Redis, so no other store may get it. */
  let forRedis: TakenBatch | null = null
  /** May have reached Postgres. */
  let forPostgres: TakenBatch | null = null
  let lastSequence = 0
  let droppedHits = 0
  let failures = 0
  let hasPrepared = false
  let committingSince = Number.NEGATIVE_INFINITY
  let applyingSince = Number.NEGATIVE_INFINITY
  let lastDirectAt = Number.NEGATIVE_INFINITY

  async function commit(isLast: boolean): Promise<CommitOutcome | null> {
    const startedAt = runtime.now()
    if (startedAt - committingSince < LOST_AFTER_MS) return null
    committingSince = startedAt
    try {
      const outcome = await commitToRedis()
      if (outcome !== 'spent') failures = outcome === 'done' ? 0 : failures + 1
      const isDown = outcome === 'never sent' || failures >= FAILURES_TO_BYPASS
      if (isDown && forPostgres === null && gathered.size > 0) {
        if (isLast || startedAt - lastDirectAt >= DIRECT_EVERY_MS) {
          lastDirectAt = startedAt
          forPostgres = takeBatch()
          startApplying(forPostgres, true)
        }
      } else if (forPostgres !== null) startApplying(forPostgres, false)
      return outcome
    } finally {
      committingSince = Number.NEGATIVE_INFINITY
    }
  }

  /** First the batch that may have arrived, if there is one, because Redis takes an isolate's batches in order. */
  async function commitToRedis(): Promise<CommitOutcome> {
    if (forRedis !== null) {
      const outcome = await send(forRedis, true)
      if (outcome !== 'done') return outcome
      forRedis = null
      // An earlier attempt may still be on its way, to a Redis that goes back meanwhile. A segment names the newest batch of
      // each isolate, by which Postgres tells that it has it: no newer one may hide this one.
      isolate = crypto.randomUUID()
    }
    if (gathered.size === 0 && visits.isEmpty()) return 'done'
    await prepare()
    const batch = takeBatch()
    forRedis = batch
    const outcome = await send(batch, false)
    if (outcome === 'may have arrived') return outcome
    forRedis = null
    if (outcome !== 'done') putBack(batch)
    return outcome
  }

  /** What is noted meanwhile joins the batch. Redis, which is asked here too, is spared while it fails. */
  async function prepare(): Promise<void> {
    if (visits.isEmpty() || (failures > 0 && hasPrepared)) return
    const prepared = visits.prepare().then(() => {
      hasPrepared = true
    })
    await Promise.race([prepared, runtime.sleep(options.prepareWithinMs)])
  }

  async function send(batch: HitBatch, isRepeated: boolean): Promise<CommitOutcome> {
    try {
      await counters.commit(batch, isRepeated)
      return 'done'
    } catch (error) {
      const outcome = outcomeOf(error)
      if (outcome === 'may have arrived') log.warn('hits.commit_failed', { error: describeError(error) })
      return outcome
    }
  }

  /** In the background: Redis does not wait for Postgres. */
  function startApplying(batch: TakenBatch, isNew: boolean): void {
    if (runtime.now() - applyingSince < LOST_AFTER_MS) return
    applyingSince = runtime.now()
    runtime.background('hits.direct_commit_failed', apply(batch, isNew))
  }

  async function apply(batch: TakenBatch, isNew: boolean): Promise<void> {
    const id = batchId(batch)
    try {
      const segment = { id, hits: batch.hits, visits: batch.visits, newestBatches: [] }
      logLosses(await (await totals()).apply([segment]), [id])
      if (forPostgres === batch) forPostgres = null
    } catch (error) {
      if (isNew && outcomeOf(error) !== 'may have arrived' && forPostgres === batch) {
        forPostgres = null
        putBack(batch)
      }
      throw error
    } finally {
      applyingSince = Number.NEGATIVE_INFINITY
    }
  }

  /** Counters and lines in one step, so that they tell of the same hits. */
  function takeBatch(): TakenBatch {
    lastSequence = Math.max(lastSequence + 1, runtime.now())
    const lines = visits.take()
    const batch = { isolate, sequence: lastSequence, hits: gathered, visits: lines.encode(), lines }
    gathered = new Map()
    return batch
  }

  /** For a batch that no store can have got. */
  function putBack({ hits, lines }: TakenBatch): void {
    visits.putBack(lines)
    for (const [linkId, count] of hits) gathered.set(linkId, (gathered.get(linkId) ?? 0) + count)
  }

  const waitingLinks = (): number =>
    gathered.size + (forRedis?.hits.size ?? 0) + (forPostgres?.hits.size ?? 0)

  return {
    add(linkId) {
      const hits = gathered.get(linkId)
      if (hits === undefined && waitingLinks() >= maxLinks) {
        droppedHits++
        return false
      }
      gathered.set(linkId, (hits ?? 0) + 1)
      return true
    },
    commit,
    isDue() {
      let hits = 0
      for (const count of gathered.values()) hits += count
      return forRedis !== null || hits >= WORTH_A_COMMIT
    },
    isIdle: () => waitingLinks() === 0 && visits.isEmpty(),
    state: () => ({ waitingLinks: waitingLinks(), droppedHits }),
    isInDoubt: () => forRedis !== null || forPostgres !== null,
  }
}
