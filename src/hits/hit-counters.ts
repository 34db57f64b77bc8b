import type { RedisClient } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { commitHits } from '../redis/scripts/commit-hits.ts'
import { type ClaimedHits, claimHits, releaseHits } from '../redis/scripts/flush-hits.ts'
import { begunAt, type ClaimedSegment, SEGMENT_LINKS, WRITER_TTL_MS } from '../redis/scripts/hit-segment.ts'
import {
  type PendingHits,
  type PendingReport,
  pendingHits,
  pendingLinks,
  waitingHits,
} from '../redis/scripts/pending-hits.ts'
import type { ChangeLogReader } from '../registers/change-log.ts'

/**
 * A batch: one isolate's hits of one commit window. `isolate` and `sequence` together are its identity, however often
 * and to whichever store it is sent.
 */
export interface HitBatch {
  readonly isolate: string
  /** Rises with every batch of an isolate; milliseconds since the epoch or a little more. */
  readonly sequence: number
  /** Link id -> hits. */
  readonly hits: ReadonlyMap<string, number>
  /** What is known of them, and codes that no link has: encoded `VisitLines`; '' = nothing. */
  readonly visits: string
}

/** What identifies a batch, to Redis and to Postgres. */
export const batchId = ({ isolate, sequence }: Pick<HitBatch, 'isolate' | 'sequence'>): string =>
  `${isolate}-${sequence}`

/**
 * A segment: the hits of many batches, gathered in Redis and applied to Postgres as a whole, once, under `id`. A batch
 * that goes straight to Postgres is applied as a segment of its own, under the batch's id.
 */
export type HitSegment = Omit<ClaimedSegment, 'sealing'>

/** The hits that wait in Redis for a flush. Every method throws `SourceUnavailable` when Redis fails. */
export interface HitCounters {
  /**
   * Adds a batch, once however often it is sent. Its text may be lost all the same. An isolate must send its batches in order. The same request brings the
   * isolate up to date with the change log.
   * @param isRepeated it was sent before, and may have been added.
   */
  commit(batch: HitBatch, isRepeated?: boolean): Promise<void>
  /**
   * The oldest segments, the same ones until they are released. Malformed counters are left out.
   * @param sealOpen takes the one that is being filled too; otherwise what is committed meanwhile is left to a later flush.
   */
  claim(sealOpen: boolean): Promise<ClaimedHits>
  /** Forgets segments that Postgres has. Releasing them twice is harmless. */
  release(segments: readonly Pick<ClaimedSegment, 'id' | 'sealing'>[]): Promise<void>
  pending(linkIds: readonly string[]): Promise<PendingReport>
  /** Of all links; `null` = they are too many for one reply. */
  pendingLinks(): Promise<readonly PendingHits[] | null>
  /** Every segment with hits and how many these are, sealed ones last; for supervision. */
  waiting(): Promise<readonly WaitingSegment[]>
}

export interface WaitingSegment {
  readonly id: string
  readonly hits: number
  /** When it was begun, which is a flush interval before its first hits at most; `null` = its id does not tell. */
  readonly since: Date | null
}

export interface HitCountersOptions {
  /** For requests that a visitor or an owner waits for. */
  readonly redis: RedisClient
  readonly backgroundRedis: RedisClient
  readonly keys: Keys
  readonly changeLog: Pick<ChangeLogReader, 'cursor' | 'receive' | 'missed'>
  readonly now: () => number
  /**
   * A segment is sealed by the commit that finds it this large, so none outgrows one HTTP response (300 KB by default)
   * and one SQL statement, however many links are hit between two flushes.
   */
  readonly sealAtLinks?: number | undefined
}

export function createHitCounters(options: HitCountersOptions): HitCounters {
  const { redis, backgroundRedis, keys, changeLog, now, sealAtLinks = SEGMENT_LINKS } = options
  /** Of this isolate's batches the one that Redis confirmed last, and when. */
  let confirmed = { isolate: '', sequence: 0, at: Number.NEGATIVE_INFINITY }

  return {
    async commit(batch, isRepeated = false) {
      const requestedAt = now()
      const position = changeLog.cursor()
      const { isolate, sequence } = batch
      const isRemembered = confirmed.isolate === isolate && requestedAt - confirmed.at < WRITER_TTL_MS
      const news = await commitHits(backgroundRedis, keys, {
        ...{ ...batch, isRepeated, sealAtLinks, position },
        confirmed: isRemembered ? confirmed.sequence : null,
      }).catch((error: unknown) => {
        changeLog.missed()
        throw error
      })
      if (sequence >= confirmed.sequence) confirmed = { isolate, sequence, at: requestedAt }
      changeLog.receive(news, requestedAt)
    },
    claim: (sealOpen) => claimHits(backgroundRedis, keys, sealOpen, now()),
    release: (segments) => releaseHits(backgroundRedis, keys, segments),
    pending: (linkIds) => pendingHits(redis, keys, linkIds),
    pendingLinks: () => pendingLinks(backgroundRedis, keys),
    async waiting() {
      const segments = await waitingHits(redis, keys)
      return segments.map(({ id, hits }) => {
        const since = begunAt(id)
        return { id, hits, since: since === null ? null : new Date(since) }
      })
    },
  }
}
