import type { ChangeLogReader } from '../cache/change-log.ts'
import type { RedisClient, RedisReply } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { CLAIM_HITS, COMMIT_HITS, PENDING_HITS, PENDING_TOTALS, RELEASE_HITS } from '../redis/scripts/hits.ts'

/** One isolate's hits of one commit window. `isolate` and `sequence` together are its identity. */
export interface HitBatch {
  readonly isolate: string
  /** Rises with every batch of an isolate; milliseconds since the epoch or a little more. */
  readonly sequence: number
  /** Link id -> hits. */
  readonly hits: ReadonlyMap<string, number>
}

/** What identifies a batch, to Redis and to Postgres. */
export const batchId = ({ isolate, sequence }: HitBatch): string => `${isolate}-${sequence}`

/** The hits of many batches, as flushed: applied to Postgres as a whole, once, under `id`. */
export interface HitSegment {
  readonly id: string
  readonly hits: ReadonlyMap<string, number>
}

/** Hits waiting in one segment. `id` = `null` when the segment is empty. */
export interface PendingHits {
  readonly id: string | null
  readonly hits: ReadonlyMap<string, number>
}

export interface PendingReport {
  readonly segments: readonly PendingHits[]
  /**
   * The segment that was released last, if that was within the last minute. Who has read Postgres before Redis must see
   * it applied there, or its hits have slipped through in between.
   */
  readonly lastReleased: string | null
}

/** The hits that wait in Redis for a flush. Every method throws `SourceUnavailable` when Redis fails. */
export interface HitCounters {
  /**
   * Adds a batch, once however often it is sent. An isolate must send its batches in order. The same request brings the
   * isolate up to date with the change log.
   */
  commit(batch: HitBatch): Promise<void>
  /** The oldest segment, the same one until it is released; `null` = nothing waits. Malformed counters are left out. */
  claim(): Promise<HitSegment | null>
  /** Forgets a segment that Postgres has. Releasing it twice is harmless. */
  release(id: string): Promise<void>
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
  readonly redis: RedisClient
  readonly keys: Keys
  readonly changeLog: Pick<ChangeLogReader, 'cursor' | 'receive' | 'missed'>
  readonly now: () => number
  /**
   * A segment is sealed by the commit that finds it this large, so none outgrows one HTTP answer (300 KB by default)
   * and one SQL statement, however many links are hit between two flushes.
   */
  readonly sealAtLinks?: number
}

const SEAL_AT_LINKS = 20_000

/** After this long without a commit an isolate is gone for good, and so are its retries. */
const WRITER_TTL_MS = 7 * 24 * 60 * 60 * 1000

export function createHitCounters(options: HitCountersOptions): HitCounters {
  const { redis, keys, changeLog, now, sealAtLinks = SEAL_AT_LINKS } = options
  return {
    async commit({ isolate, sequence, hits }) {
      const pairs = [...hits].flat()
      const requestedAt = now()
      const reply = await redis
        .eval(
          COMMIT_HITS,
          [keys.hits, keys.sealedHits, keys.hitWriters, keys.changes],
          [isolate, sequence, keys.sealedHitsPrefix, sealAtLinks, changeLog.cursor(), ...pairs],
        )
        .catch((error: unknown) => {
          changeLog.missed()
          throw error
        })
      if (Array.isArray(reply)) changeLog.receive(reply[1], requestedAt)
    },

    async claim() {
      const freshId = crypto.randomUUID()
      const reply = await redis.eval(
        CLAIM_HITS,
        [keys.hits, keys.sealedHits],
        [keys.sealedHitsPrefix, freshId],
      )
      if (!Array.isArray(reply)) return null
      const [id, fields] = reply
      return { id: String(id), hits: parseCounters(fields) }
    },

    async release(id) {
      await redis.eval(
        RELEASE_HITS,
        [keys.sealedHits, keys.hitWriters, keys.releasedHits],
        [keys.sealedHitsPrefix, id, now() - WRITER_TTL_MS],
      )
    },

    async waiting() {
      const reply = await redis.eval(PENDING_TOTALS, [keys.hits, keys.sealedHits], [keys.sealedHitsPrefix])
      return (Array.isArray(reply) ? reply : []).flatMap((segment: RedisReply) => {
        if (!Array.isArray(segment) || typeof segment[0] !== 'string') return []
        // A segment carries the id of its first batch, which ends in the time of that commit.
        const milliseconds = /-(\d{13})$/.exec(segment[0])?.[1]
        const since = milliseconds === undefined ? null : new Date(Number(milliseconds))
        return { id: segment[0], hits: Number(segment[1]), since }
      })
    },

    async pending(linkIds) {
      const reply = await redis.eval(
        PENDING_HITS,
        [keys.hits, keys.sealedHits, keys.releasedHits],
        [keys.sealedHitsPrefix, ...linkIds],
      )
      const [lastReleased, ...waiting]: readonly RedisReply[] = Array.isArray(reply) ? reply : []
      const segments = waiting.map((segment) => {
        const [id, ...counts] = Array.isArray(segment) ? segment : [null]
        const hits = new Map(linkIds.map((linkId, i) => [linkId, Number(counts[i] ?? 0) || 0]))
        return { id: id === null ? null : String(id), hits }
      })
      return { segments, lastReleased: typeof lastReleased === 'string' ? lastReleased : null }
    },
  }
}

function parseCounters(fields: RedisReply | undefined): Map<string, number> {
  const hits = new Map<string, number>()
  if (!Array.isArray(fields)) return hits
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const count = Number(fields[i + 1])
    // A link id is a bigint; `#` and whatever else got in is not a counter.
    if (/^\d{1,18}$/.test(String(fields[i])) && Number.isSafeInteger(count) && count > 0) {
      hits.set(String(fields[i]), count)
    }
  }
  return hits
}
