import type { LinkKey } from '../links/link.ts'
import { log } from '../log.ts'
import type { VisitGatherer, VisitRequest } from '../visits/visit-gatherer.ts'
import {
  createHitCommitter,
  type HitCommitter,
  type HitCommitterOptions,
  LOST_AFTER_MS,
} from './hit-committer.ts'

export interface HitRecorderOptions extends HitCommitterOptions {
  /** A batch that is worth a commit is sent within this time. */
  readonly commitWindowMs: number
  /** Any other batch is sent within this time; at least as long. */
  readonly maxCommitWindowMs: number
  readonly visits: VisitGatherer
}

export interface HitRecorder {
  /**
   * Counts one hit. Returns at once; Redis has it after the longer window at the latest.
   * @param time now, from a caller that has already read the clock.
   */
  record(linkId: string, request: VisitRequest, time?: number): void
  /** Counts a request for a code that no link has; like a few hits it waits for the longer window. */
  recordMiss(key: LinkKey): void
  /** Commits what has been gathered now, without waiting for a window: to Redis, or else to Postgres in the background. */
  commit(): Promise<void>
  readonly state: HitCommitter['state']
}

/**
 * A leader leads for this long. The platform ends background work 30 s after the response, and the last commit may take
 * two time-outs. One that was cut off all the same is replaced after `LOST_AFTER_MS`.
 */
const LEADS_FOR_MS = 18_000

/**
 * Commits an isolate's hits in batches, one a window. The first hit after a commit becomes the leader: its request is kept
 * alive in the background until the window is over and the batch is sent. What no store takes stays for the next leader.
 *
 * A commit costs the same for one hit as for a thousand, so an isolate with few of them gathers them for longer. The leader
 * looks once in the shorter window whether there are enough; hits themselves set off nothing.
 */
export function createHitRecorder(options: HitRecorderOptions): HitRecorder {
  const { commitWindowMs, maxCommitWindowMs, visits, runtime } = options
  const committer = createHitCommitter(options)
  let leaderSince = Number.NEGATIVE_INFINITY
  let committedAt = Number.NEGATIVE_INFINITY

  /**
   * Counted from the last commit, as long as memory is in sync by that: the next one keeps it so. What may be left at the
   * end of a leader's time is shorter.
   */
  function windowMs(leadingForMs: number): number {
    const sinceCommit = runtime.now() - committedAt
    const isFollowing = sinceCommit >= 0 && sinceCommit <= maxCommitWindowMs
    const wantedMs = isFollowing ? maxCommitWindowMs - sinceCommit : maxCommitWindowMs
    return Math.max(commitWindowMs, Math.min(wantedMs, LEADS_FOR_MS - leadingForMs))
  }

  async function gather(forMs: number): Promise<void> {
    let left = forMs
    do {
      await runtime.sleep(Math.min(left, commitWindowMs))
      left -= commitWindowMs
    } while (left > 0 && !committer.isDue())
  }

  async function lead(since: number): Promise<void> {
    const resign = (): void => {
      if (leaderSince === since) leaderSince = Number.NEGATIVE_INFINITY
    }
    try {
      for (let isOver = false; !isOver; ) {
        await gather(windowMs(runtime.now() - since))
        const isLast = runtime.now() - since + commitWindowMs > LEADS_FOR_MS
        // Before it commits: hits that come meanwhile get a leader whose time has only begun.
        if (isLast) resign()
        committedAt = runtime.now()
        const outcome = await committer.commit(isLast)
        // Hits that came during the commit have no leader yet. They get a window of their own too, not a request.
        if (committer.isIdle()) return
        isOver = isLast || outcome === 'spent' || runtime.now() - since > LEADS_FOR_MS
      }
      // Hits that are in no batch were gathered just now, and have a leader.
      if (committer.isInDoubt()) log.warn('hits.left_to_next_leader', committer.state())
    } finally {
      resign()
    }
  }

  function startLeader(now: number): void {
    if (now - leaderSince < LOST_AFTER_MS) return
    leaderSince = now
    runtime.background('hits.leader_failed', lead(now))
  }

  return {
    async commit() {
      await committer.commit(true)
    },
    state: committer.state,
    record(linkId, request, time = runtime.now()) {
      if (committer.add(linkId)) visits.note(linkId, request, time)
      startLeader(time)
    },
    recordMiss(key) {
      visits.noteMiss(key)
      startLeader(runtime.now())
    },
  }
}
