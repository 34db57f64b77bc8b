import type { RedisClient, RedisReply } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { CLAIM_HITS, COMMIT_HITS, PENDING_HITS, PENDING_TOTALS, RELEASE_HITS } from '../redis/scripts/hits.ts'
import type { ChangeLogReader } from '../registers/change-log.ts'

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
  /** Of each isolate the newest batch in it: the only one that may still be sent again. */
  readonly newestBatches: readonly string[]
}

/** As it is in Redis. */
export interface ClaimedSegment extends HitSegment {
  /** What a release must find unchanged. */
  readonly filling: readonly [total: string, newestSequence: string]
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
   * @param isRepeated it was sent before, and may have been added.
   */
  commit(batch: HitBatch, isRepeated?: boolean): Promise<void>
  /**
   * The oldest segments, the same ones until they are released. Malformed counters are left out.
   * @param sealOpen takes the one that is being filled too; otherwise what is committed meanwhile is left to others.
   */
  claim(sealOpen: boolean): Promise<ClaimedHits>
  /** Forgets segments that Postgres has. Releasing them twice is harmless. */
  release(segments: readonly Pick<ClaimedSegment, 'id' | 'filling'>[]): Promise<void>
  pending(linkIds: readonly string[]): Promise<PendingReport>
  /** Every segment that waits and its hits, sealed ones last; for supervision. */
  waiting(): Promise<readonly WaitingSegment[]>
}

export interface ClaimedHits {
  /** Together as many links as one statement takes; none = nothing waits. */
  readonly segments: readonly ClaimedSegment[]
  readonly hasMore: boolean
}

export interface WaitingSegment {
  readonly id: string
  readonly hits: number
  /** When its first hits were committed; `null` = its id does not tell. */
  readonly since: Date | null
}

export interface HitCountersOptions {
  /** For what somebody waits for. */
  readonly redis: RedisClient
  readonly backgroundRedis: RedisClient
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

/**
 * For how long Redis remembers an isolate's newest batch: far longer than a request can be on its way. What an isolate
 * sends again later than that is told apart by Postgres.
 */
const WRITER_TTL_MS = 10 * 60_000
/** After this long a segment takes no more hits: a backup of yesterday holds one that Postgres has had since. */
const IDLE_SEGMENT_MS = 10 * 60_000

export function createHitCounters(options: HitCountersOptions): HitCounters {
  const { redis, backgroundRedis, keys, changeLog, now, sealAtLinks = SEAL_AT_LINKS } = options
  /** Of this isolate's batches the one that Redis confirmed last. */
  let confirmed: number | null = null

  return {
    async commit({ isolate, sequence, hits }, isRepeated = false) {
      const requestedAt = now()
      const reply = await backgroundRedis
        .eval(
          COMMIT_HITS,
          [keys.hits, keys.sealedHits, keys.hitWriters, keys.changes],
          [
            ...[isolate, sequence, keys.sealedHitsPrefix, sealAtLinks, changeLog.cursor(), confirmed ?? ''],
            ...[isRepeated ? '1' : '', IDLE_SEGMENT_MS, WRITER_TTL_MS],
            ...[...hits].flat(),
          ],
        )
        .catch((error: unknown) => {
          changeLog.missed()
          throw error
        })
      confirmed = Math.max(sequence, confirmed ?? 0)
      if (Array.isArray(reply)) changeLog.receive(reply[1], requestedAt)
    },

    async claim(sealOpen) {
      const reply = await backgroundRedis.eval(
        CLAIM_HITS,
        [keys.hits, keys.sealedHits],
        [keys.sealedHitsPrefix, crypto.randomUUID(), sealOpen ? '1' : '', SEAL_AT_LINKS],
      )
      const [hasMore, ...segments]: readonly RedisReply[] = Array.isArray(reply) ? reply : []
      return { hasMore: hasMore === 1, segments: segments.map(parseSegment) }
    },

    async release(segments) {
      await backgroundRedis.eval(
        RELEASE_HITS,
        [keys.sealedHits, keys.releasedHits],
        [keys.sealedHitsPrefix, ...segments.flatMap(({ id, filling }) => [id, ...filling])],
      )
    },

    async waiting() {
      const reply = await redis.eval(PENDING_TOTALS, [keys.hits, keys.sealedHits], [keys.sealedHitsPrefix])
      return (Array.isArray(reply) ? reply : []).flatMap((segment: RedisReply) => {
        if (!Array.isArray(segment) || typeof segment[0] !== 'string') return []
        // A segment carries the id of its first batch, which ends in the time of that commit.
        const milliseconds = /-(\d{13})$/.exec(segment[0])?.[1]
        const since = milliseconds === undefined ? null : new Date(Number(milliseconds))
        return { id: segment[0], hits: Number(segment[1]) || 0, since }
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

function parseSegment(segment: RedisReply): ClaimedSegment {
  const [id, fields] = Array.isArray(segment) ? segment : []
  const hits = new Map<string, number>()
  const newestBatches: string[] = []
  let [total, newestSequence] = ['', '']
  for (let i = 0; Array.isArray(fields) && i + 1 < fields.length; i += 2) {
    const [name, value] = [String(fields[i]), String(fields[i + 1])]
    if (name === '+') total = value
    if (name === '~') newestSequence = value
    const count = Number(value)
    if (!Number.isSafeInteger(count) || count <= 0) continue
    // A link id is a bigint; whatever else got in is not a counter.
    if (/^\d{1,18}$/.test(name)) hits.set(name, count)
    else if (name.startsWith('@')) newestBatches.push(`${name.slice(1)}-${count}`)
  }
  return { id: String(id), hits, newestBatches, filling: [total, newestSequence] }
}
