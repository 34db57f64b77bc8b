import { describeError, log } from '../log.ts'
import type { Runtime } from '../runtime.ts'
import type { HitBatch, HitCounters } from './hit-counters.ts'

export interface HitRecorderOptions {
  readonly counters: Pick<HitCounters, 'commit'>
  readonly commitWindowMs: number
  readonly runtime: Pick<Runtime, 'now' | 'sleep' | 'background'>
}

export interface HitRecorder {
  /** Counts one hit. Returns at once; Redis has it after the commit window. */
  record(linkId: string): void
}

/** A leader goes on trying for this long; the platform ends background work 30 s after the response. */
const LEADER_TRIES_FOR_MS = 20_000
/** A leader that the platform cut off never finishes: after this long another one takes over. */
const LEADER_LOST_AFTER_MS = 35_000

/**
 * Gathers an isolate's hits in memory and commits them to Redis in batches. The first hit after a commit becomes the
 * leader: its request is kept alive in the background until the window is over and the batch is sent. A batch that
 * could not be sent keeps its identity and stays for the next leader, so that Redis adds it once however often it is
 * sent; the hits that come meanwhile wait behind it.
 */
export function createHitRecorder({ counters, commitWindowMs, runtime }: HitRecorderOptions): HitRecorder {
  const isolate = crypto.randomUUID()
  let gathered = new Map<string, number>()
  let unsent: HitBatch | null = null
  let lastSequence = 0
  let leaderSince = Number.NEGATIVE_INFINITY

  async function lead(since: number): Promise<void> {
    try {
      do {
        await runtime.sleep(commitWindowMs)
        if (await commitGathered()) return
      } while (runtime.now() - since < LEADER_TRIES_FOR_MS)
      log.error('hits.commit_given_up', { links: gathered.size + (unsent?.hits.size ?? 0) })
    } finally {
      if (leaderSince === since) leaderSince = Number.NEGATIVE_INFINITY
    }
  }

  /** Resolves to whether everything gathered so far is in Redis. */
  async function commitGathered(): Promise<boolean> {
    while (unsent !== null || gathered.size > 0) {
      unsent ??= takeBatch()
      const batch = unsent
      try {
        await counters.commit(batch)
      } catch (error) {
        log.warn('hits.commit_failed', { error: describeError(error) })
        return false
      }
      if (unsent === batch) unsent = null
    }
    return true
  }

  function takeBatch(): HitBatch {
    lastSequence = Math.max(lastSequence + 1, runtime.now())
    const batch = { isolate, sequence: lastSequence, hits: gathered }
    gathered = new Map()
    return batch
  }

  return {
    record(linkId) {
      gathered.set(linkId, (gathered.get(linkId) ?? 0) + 1)
      const now = runtime.now()
      if (now - leaderSince < LEADER_LOST_AFTER_MS) return
      leaderSince = now
      runtime.background('hits.leader_failed', lead(now))
    },
  }
}
