import { and, isNotNull, isNull, lt, not, or, sql } from 'drizzle-orm'
import { SourceUnavailable } from '../errors.ts'
import type { HitSegment } from '../hits/hit-counters.ts'
import type { AppliedHits, HitTotals } from '../hits/hit-totals.ts'
import { log } from '../log.ts'
import { DAY_S } from '../visits/visit.ts'
import { parseVisitLines } from '../visits/visit-lines.ts'
import { applyHits, type KnownVisits } from './apply-hits.ts'
import type { Database } from './client.ts'
import { sqlState } from './postgres-error.ts'
import { appliedHits } from './schema.ts'

/** Far longer than any cron could be down and then find an old claim in Redis. */
const KEEP_IDS_FOR = '30 days'
/** No isolate lives that long to send its batch again. */
const KEEP_NEWEST_BATCHES_FOR = '1 day'
/** Longer than a segment that comes back may go on taking hits: OLD_SEGMENT_MS and then the time to the next cron. */
const KEEP_COUNTS_FOR = '3 hours'
/** A flush that applies the same segment at the same moment. */
const MAX_TRIES = 3
/** Division by zero, by which the statement says that it has to be tried again; and a schema or role that does not fit. */
const IS_NO_FAULT_OF_TEXT = /^(?:22012|42)/
const MAX_LOGGED_IDS = 10
export interface PostgresHitsOptions {
  /** Milliseconds that a statement may take: many rows, on a Postgres that may have to wake up first. */
  readonly within: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** 0 = visits are not logged. */
  readonly visitLogDays: number
}

export function postgresHits(
  database: Database,
  { within, now, visitLogDays }: PostgresHitsOptions,
): HitTotals {
  /** Text that Postgres refuses, for whatever reason, is given up: it would hold up these hits, and all after them, for ever. */
  async function execute(
    segments: readonly HitSegment[],
    known: KnownVisits,
  ): Promise<Record<string, string> | undefined> {
    try {
      const [row] = await database.execute<Record<string, string>>(applyHits(segments, known), within)
      return row
    } catch (error) {
      const hasText = known.visits.length + known.misses.length > 0
      const state = error instanceof SourceUnavailable ? null : sqlState(error)
      if (!hasText || state === null || IS_NO_FAULT_OF_TEXT.test(state)) throw error
      const ids = segments.slice(0, MAX_LOGGED_IDS).map(({ id }) => id)
      log.error('visits.refused', { ids, sqlState: state })
      return execute(segments, { ...known, visits: [], misses: [] })
    }
  }

  return {
    async apply(segments) {
      const at = now()
      const { corrupt, ...lines } = parseSegments(segments, at)
      const logSince = visitLogDays === 0 ? null : at / 1000 - visitLogDays * DAY_S
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const row = await execute(segments, { ...lines, now: at, logSince })
        if (Number(row?.unsettled ?? 0) > 0) continue
        const number = (name: string): number => Number(row?.[name] ?? 0)
        return {
          ...{ segments: number('segments'), links: number('links'), hits: number('hits') },
          ...{ dropped: number('dropped'), returned: number('returned'), repeated: number('repeated') },
          ...{ unknownVisits: number('unknown_visits'), unloggedVisits: number('unlogged_visits') },
          corruptLines: corrupt,
        } satisfies AppliedHits
      }
      throw new SourceUnavailable('postgres', new Error('others kept applying the same hits'))
    },

    async prune() {
      await database.run((db) => {
        const { linkIds, hits } = appliedHits
        const hasOldCounts = and(isNotNull(linkIds), isBefore(KEEP_COUNTS_FOR), not(isBefore(KEEP_IDS_FOR)))
        const emptying = db.update(appliedHits).set({ linkIds: null, counts: null }).where(hasOldCounts)
        const isOldBatch = and(isNull(hits), isBefore(KEEP_NEWEST_BATCHES_FOR))
        const isOld = or(isBefore(KEEP_IDS_FOR), isOldBatch)
        return db.with(db.$with('emptied').as(emptying)).delete(appliedHits).where(isOld)
      }, within)
    },
  }
}

const isBefore = (age: string) => lt(appliedHits.appliedAt, sql`now() - ${age}::interval`)

/** The lines of all segments, each with the number of its segment, and how many cannot be read. */
function parseSegments(segments: readonly HitSegment[], now: number) {
  const parsed = segments.map((segment) => parseVisitLines(segment.visits, now))
  const numbered = (kind: 'visits' | 'misses') =>
    parsed.flatMap((lines, i) => lines[kind].map((line) => `${i + 1}\t${line}`))
  return {
    visits: numbered('visits'),
    misses: numbered('misses'),
    corrupt: parsed.reduce((sum, { corrupt }) => sum + corrupt, 0),
  }
}
