import type { RedisClient } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { commitHits } from '../redis/scripts/commit-hits.ts'
import { type ClaimedHits, claimHits, releaseHits } from '../redis/scripts/flush-hits.ts'
import { type ClaimedSegment, FIELD, SEGMENT_LINKS } from '../redis/scripts/hit-segment.ts'
import { type PendingReport, pendingHits } from '../redis/scripts/pending-hits.ts'
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
}

/** What identifies a batch, to Redis and to Postgres. */
export const batchId = ({ isolate, sequence }: HitBatch): string => `${isolate}-${sequence}`

/**
 * A segment: the hits of many batches, gathered in Redis and applied to Postgres as a whole, once, under `id`. A batch
 * that goes straight to Postgres is applied as a segment of its own, under the batch's id.
 */
export type HitSegment = Omit<ClaimedSegment, 'filling'>

/** The hits that wait in Redis for a flush. Every method throws `SourceUnavailable` when Redis fails. */
export interface HitCounters {
  /**
   * Adds a batch, once however often it is sent. An isolate must send its batches in order. The same request brings the
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
  release(segments: readonly Pick<ClaimedSegment, 'id' | 'filling'>[]): Promise<void>
  pending(linkIds: readonly string[]): Promise<PendingReport>
  /** Every segment that waits and its hits, sealed ones last; for supervision. */
  waiting(): Promise<readonly WaitingSegment[]>
}

export interface WaitingSegment {
  readonly id: string
  readonly hits: number
  /** When its first hits were committed; `null` = its id does not tell. */
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
  /** Of this isolate's batches the one that Redis confirmed last. */
  let confirmed: number | null = null

  return {
    async commit(batch, isRepeated = false) {
      const requestedAt = now()
      const position = changeLog.cursor()
      const news = await commitHits(backgroundRedis, keys, {
        ...batch,
        ...{ isRepeated, confirmed, sealAtLinks, position },
      }).catch((error: unknown) => {
        changeLog.missed()
        throw error
      })
      confirmed = Math.max(batch.sequence, confirmed ?? 0)
      changeLog.receive(news, requestedAt)
    },
    claim: (sealOpen) => claimHits(backgroundRedis, keys, sealOpen),
    release: (segments) => releaseHits(backgroundRedis, keys, segments),
    pending: (linkIds) => pendingHits(redis, keys, linkIds),
    async waiting() {
      const { segments } = await pendingHits(redis, keys, [FIELD.hits])
      return segments.flatMap(({ id, hits }) => {
        return id === null ? [] : { id, hits: hits.get(FIELD.hits) ?? 0, since: committedAt(id) }
      })
    },
  }
}

/** A segment carries the id of its first batch, which ends in the time of that commit. */
function committedAt(id: string): Date | null {
  const milliseconds = /-(\d{13})$/.exec(id)?.[1]
  return milliseconds === undefined ? null : new Date(Number(milliseconds))
}
