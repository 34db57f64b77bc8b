import { type SQL, sql } from 'drizzle-orm'
import type { DayOfVisits, ImportedDay, VisitImport } from '../owners/visit-import.ts'
import { DAY_S } from '../visits/visit.ts'
import type { Database } from './client.ts'
import { DAY_COUNTS } from './day-counts.ts'
import { PACKED_DETAILS } from './packed-details.ts'
import { linkHits, links } from './schema.ts'
import { visitLog } from './visit-log.ts'
import { ENTERED, type NumberedLines, toldBy } from './visit-rows.ts'
import { importedDays } from './visit-schema.ts'
import { VISITOR_SKETCHES } from './visitor-sketch.ts'

export interface VisitImportOptions {
  /** Milliseconds that a statement may take. */
  readonly within: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** 0 = visits are not logged. */
  readonly visitLogDays: number
}

type Row = Readonly<Record<'hits' | 'unlogged', string>> & { readonly is_known: boolean }

export function postgresVisitImport(
  database: Database,
  { within, now, visitLogDays }: VisitImportOptions,
): VisitImport {
  return {
    async importVisits(source, days, dryRun) {
      if (days.length === 0) return { days: [], unlogged: 0 }
      const given = givenDays(days)
      const lines = days.flatMap((day, i) => day.lines.map((line) => `${i + 1}\t${line}`))
      const logSince = visitLogDays === 0 ? null : now() / 1000 - visitLogDays * DAY_S
      const statement = dryRun
        ? previewStatement(source, given)
        : importStatement(source, given, lines, logSince)
      const rows = await database.execute<Row>(statement, within)
      const described = rows.map(
        ({ is_known, hits }): ImportedDay =>
          is_known ? { kind: 'counted', hits: Number(hits) } : { kind: 'no-link' },
      )
      return { days: described, unlogged: Number(rows[0]?.unlogged ?? 0) }
    },
  }
}

const givenDays = (days: readonly DayOfVisits[]): SQL => {
  const rows = days.map(({ domain, code, day, hits }, i) => ({ no: i + 1, domain, code, day, hits }))
  return sql`given AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS g (no bigint, domain text, code text, day date, hits bigint)
    )`
}

const previewStatement = (source: string, given: SQL): SQL => sql`
    WITH ${given}
    SELECT l.id IS NOT NULL AS is_known, greatest(given.hits - coalesce(i.hits, 0), 0) AS hits, 0 AS unlogged
    FROM given LEFT JOIN ${links} l ON l.code = given.code AND l.domain = given.domain
      LEFT JOIN ${importedDays} i ON i.link_id = l.id AND i.day = given.day AND i.source = ${source}
    ORDER BY no`

/**
 * All statistics of a flush, of which each day is counted by itself: of one that has grown, its newest lines.
 *
 * ORDER BY and FOR KEY SHARE: see `applyHits`, which locks the same rows in the same order. The time of a link's last hit
 * stays, for it tells of linkr's own.
 */
const importStatement = (
  source: string,
  given: SQL,
  lines: NumberedLines,
  logSince: number | null,
): SQL => sql`
    WITH ${given}, targets AS MATERIALIZED (
      SELECT id, domain, code FROM ${links} WHERE (code, domain) IN (SELECT code, domain FROM given)
      ORDER BY id
      FOR KEY SHARE
    ), claimed AS (
      INSERT INTO ${importedDays} (link_id, day, source, hits, added)
      SELECT targets.id, given.day, ${source}, given.hits, given.hits FROM given JOIN targets USING (code, domain) ORDER BY 1, 2
      ON CONFLICT (link_id, day, source) DO UPDATE SET hits = excluded.hits, added = excluded.hits - imported_days.hits
        WHERE excluded.hits > imported_days.hits
      RETURNING link_id, day, added
    ), counted AS MATERIALIZED (
      SELECT given.no, targets.id, targets.domain, claimed.added AS hits
      FROM given JOIN targets USING (code, domain) JOIN claimed ON claimed.link_id = targets.id AND claimed.day = given.day
    ), visited AS MATERIALIZED (
      SELECT c.id AS link_id, c.domain, t.quarter, t.is_bot, t.vals, t.entries,
        least(t.hits, c.hits - t.told_later)::bigint AS hits, DATE 'epoch' + (t.quarter / 96)::int AS day
      FROM (
        SELECT *, sum(hits) OVER (PARTITION BY no ORDER BY pos DESC ROWS UNBOUNDED PRECEDING) - hits AS told_later
        FROM (${toldBy(lines)}) AS told
      ) AS t JOIN counted c USING (no)
      WHERE c.hits > t.told_later
    ), ${ENTERED}, added AS (
      INSERT INTO ${linkHits} (link_id, hits, bots)
      SELECT link_id, sum(hits)::bigint, coalesce(sum(hits) FILTER (WHERE is_bot), 0)::bigint
      FROM visited GROUP BY link_id ORDER BY link_id
      ON CONFLICT (link_id) DO UPDATE SET hits = link_hits.hits + excluded.hits, bots = link_hits.bots + excluded.bots,
        baseline = greatest(link_hits.baseline - excluded.hits, 0)
    ), ${VISITOR_SKETCHES}, ${DAY_COUNTS}, ${PACKED_DETAILS}, ${visitLog(logSince)}
    SELECT targets.id IS NOT NULL AS is_known, coalesce(counted.hits, 0) AS hits,
      (SELECT hits FROM to_log) - (SELECT count(*) FROM logged) AS unlogged
    FROM given LEFT JOIN targets USING (code, domain) LEFT JOIN counted USING (no)
    ORDER BY no`
