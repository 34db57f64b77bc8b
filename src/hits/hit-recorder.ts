import { SourceUnavailable } from '../errors.ts'
import { describeError, log } from '../log.ts'
import type { Runtime } from '../runtime.ts'
import { isSubrequestLimit } from '../subrequest-limit.ts'
import { batchId, type HitBatch, type HitCounters } from './hit-counters.ts'
import type { HitTotals } from './hit-totals.ts'

export interface HitRecorderOptions {
  readonly counters: Pick<HitCounters, 'commit'>
  /** Where batches go that Redis has certainly not got, because it is known to be down. */
  readonly totals: () => Promise<Pick<HitTotals, 'apply'>>
  readonly commitWindowMs: number
  readonly runtime: Pick<Runtime, 'now' | 'sleep' | 'background'>
  /** Bounds the memory that hits may take while no store takes them; hits of further links are dropped. */
  readonly maxLinks?: number
}

export interface HitRecorder {
  /** Counts one hit. Returns at once; Redis has it after the commit window. */
  record(linkId: string): void
  /** Commits what has been gathered now, without waiting for the window: to Redis, or else to Postgres in the background. */
  commit(): Promise<void>
  /** Links whose hits wait in this isolate, and hits dropped since it started. */
  readonly state: () => { readonly waitingLinks: number; readonly droppedHits: number }
}

/**
 * A leader leads for this long. The platform ends background work 30 s after the response, and the last commit may take
 * two time-outs.
 */
const LEADS_FOR_MS = 18_000
/** A leader or a commit that was cut off all the same never finishes: after this long another one takes over. */
const LOST_AFTER_MS = 35_000
/** After so many failures in a row Redis is not waited for any longer, whatever the circuit breaker says. */
const FAILURES_TO_BYPASS = 3
/** While Redis is down an isolate writes to Postgres this often and at the end of a leader, not once a window. */
const DIRECT_EVERY_MS = 30_000

/**
 * Gathers an isolate's hits in memory and commits them in batches. The first hit after a commit becomes the leader: its
 * request is kept alive in the background until the window is over and the batch is sent. A batch goes to one store and
 * keeps its identity, so it is added once however often it is sent: to Redis, or, if Redis is known to be down and has
 * certainly not got it, straight to Postgres. Neither way waits for the other. What no store takes stays for the next
 * leader.
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
  let failures = 0
  let leaderSince = Number.NEGATIVE_INFINITY
  let committingSince = Number.NEGATIVE_INFINITY
  let applyingSince = Number.NEGATIVE_INFINITY
  let lastDirectAt = Number.NEGATIVE_INFINITY

  async function lead(since: number): Promise<void> {
    const resign = (): void => {
      if (leaderSince === since) leaderSince = Number.NEGATIVE_INFINITY
    }
    try {
      for (let isOver = false; !isOver; ) {
        await runtime.sleep(commitWindowMs)
        const isLast = runtime.now() - since + commitWindowMs > LEADS_FOR_MS
        // Before it commits: hits that come meanwhile get a leader whose time has only begun.
        if (isLast) resign()
        const outcome = await commit(isLast)
        // Hits that came during the commit have no leader yet. They get a window of their own too, not a request.
        if (waitingLinks() === 0) return
        isOver = isLast || outcome === 'spent' || runtime.now() - since > LEADS_FOR_MS
      }
      // The others were gathered just now, and have a leader.
      if (forRedis !== null || forPostgres !== null) {
        log.warn('hits.left_to_next_leader', { waitingLinks: waitingLinks(), droppedHits })
      }
    } finally {
      resign()
    }
  }

  /**
   * Sends what is there now, and nothing that comes meanwhile. Serialized: a second commit could treat a batch in flight
   * as never sent.
   * @param isLast nobody may come by here for a while, or somebody waits for it.
   * @returns `'spent'` = this invocation may send no more requests.
   */
  async function commit(isLast: boolean): Promise<Outcome | null> {
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
  async function commitToRedis(): Promise<Outcome> {
    if (forRedis !== null) {
      const outcome = await send(forRedis, true)
      if (outcome !== 'done') return outcome
      forRedis = null
    }
    if (gathered.size === 0) return 'done'
    const batch = takeBatch()
    forRedis = batch
    const outcome = await send(batch, false)
    if (outcome === 'may have arrived') return outcome
    forRedis = null
    if (outcome !== 'done') putBack(batch)
    return outcome
  }

  async function send(batch: HitBatch, isRepeated: boolean): Promise<Outcome> {
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
  function startApplying(batch: HitBatch, isNew: boolean): void {
    if (runtime.now() - applyingSince < LOST_AFTER_MS) return
    applyingSince = runtime.now()
    runtime.background('hits.direct_commit_failed', apply(batch, isNew))
  }

  async function apply(batch: HitBatch, isNew: boolean): Promise<void> {
    try {
      await (await totals()).apply([{ id: batchId(batch), hits: batch.hits, newestBatches: [] }])
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

  function takeBatch(): HitBatch {
    lastSequence = Math.max(lastSequence + 1, runtime.now())
    const batch = { isolate, sequence: lastSequence, hits: gathered }
    gathered = new Map()
    return batch
  }

  /** For a batch that no store can have got. */
  function putBack({ hits }: HitBatch): void {
    for (const [linkId, count] of hits) gathered.set(linkId, (gathered.get(linkId) ?? 0) + count)
  }

  const waitingLinks = (): number =>
    gathered.size + (forRedis?.hits.size ?? 0) + (forPostgres?.hits.size ?? 0)

  return {
    async commit() {
      await commit(true)
    },
    state: () => ({ waitingLinks: waitingLinks(), droppedHits }),
    record(linkId) {
      const hits = gathered.get(linkId)
      if (hits === undefined && waitingLinks() >= maxLinks) droppedHits++
      else gathered.set(linkId, (hits ?? 0) + 1)
      const now = runtime.now()
      if (now - leaderSince < LOST_AFTER_MS) return
      leaderSince = now
      runtime.background('hits.leader_failed', lead(now))
    },
  }
}

type Outcome = 'done' | 'never sent' | 'spent' | 'may have arrived'

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof SourceUnavailable) || error.wasSent) return 'may have arrived'
  return isSubrequestLimit(error.cause) ? 'spent' : 'never sent'
}
