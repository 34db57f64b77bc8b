import { type SQL, sql } from 'drizzle-orm'
import { DIMENSION_NAMES, QUARTER_S, type VisitValues } from '../visits/visit.ts'

/** Lines of `parseVisitLines`, each with the number of its segment and a tab before it, the oldest first. */
export type NumberedLines = readonly string[]

const NOTHING_KNOWN: Partial<VisitValues> = { country: 'XX', device: 'other' }
const UNKNOWN_VALUES = `{${DIMENSION_NAMES.map((name) => `"${NOTHING_KNOWN[name] ?? ''}"`).join(',')}}`
/** The numbers of a line's fields, which begin at 1; the segment's number is the first. */
const VALUES_AT = 5
const HITS_AT = VALUES_AT + DIMENSION_NAMES.length

/**
 * The tables of what is known of counted hits. Counters are the truth: of each link, lines are taken from the newest one back
 * until they tell of as many hits as the statement counts. So a segment that was applied before and comes back with
 * more, or one whose batches were applied on their own, tells of what is new in it, and what no line tells of is still a
 * visit: of a person of whom nothing is known, now.
 *
 * - `visited`: a row a line: link_id, domain, quarter, day, is_bot, hits, vals (in the order of DIMENSIONS), entries (of hits)
 * - `entered`: a row an entry: the same without hits and entries, second (of the quarter), visitor
 * - `unknown`: link_id, domain, hits that no line tells of. They are in `visited` too.
 *
 * Needs `counted` (id, domain, hits) and `accepted` (no).
 * @param now milliseconds since the epoch.
 */
export function visitRows(lines: NumberedLines, now: number): SQL {
  const quarterNow = Math.floor(now / 1000 / QUARTER_S)
  return sql`
    told AS MATERIALIZED (
      ${toldBy(lines)} WHERE f[1]::bigint IN (SELECT no FROM accepted)
    ), fitted AS MATERIALIZED (
      SELECT t.link_id, c.domain, t.quarter, t.is_bot, t.vals, t.entries,
        least(t.hits, c.hits - t.told_later)::bigint AS hits
      FROM (
        SELECT *, sum(hits) OVER (PARTITION BY link_id ORDER BY pos DESC ROWS UNBOUNDED PRECEDING) - hits AS told_later
        FROM told
      ) AS t JOIN counted c ON c.id = t.link_id
      WHERE c.hits > t.told_later
    ), unknown AS MATERIALIZED (
      SELECT c.id AS link_id, c.domain, (c.hits - coalesce(f.hits, 0))::bigint AS hits
      FROM counted c LEFT JOIN (SELECT link_id, sum(hits) AS hits FROM fitted GROUP BY link_id) AS f ON f.link_id = c.id
      WHERE c.hits > coalesce(f.hits, 0)
    ), visited AS MATERIALIZED (
      SELECT *, DATE 'epoch' + (quarter / 96)::int AS day FROM (
        SELECT link_id, domain, quarter, is_bot, vals, hits, entries FROM fitted
        UNION ALL
        SELECT link_id, domain, ${quarterNow}::bigint, false, ${UNKNOWN_VALUES}::text[], hits, '{}' FROM unknown
      ) AS v
    ), ${ENTERED}`
}

/** A row a line, to be continued by WHERE: pos, no, link_id, quarter, is_bot, vals, hits, entries. */
export const toldBy = (lines: NumberedLines): SQL => sql`
      SELECT pos, f[1]::bigint AS no, f[2]::bigint AS link_id, f[3]::bigint AS quarter, f[4] = 'b' AS is_bot,
        f[${sql.raw(`${VALUES_AT}:${HITS_AT - 1}`)}] AS vals,
        f[${sql.raw(`${HITS_AT}`)}]::bigint AS hits, string_to_array(f[${sql.raw(`${HITS_AT + 1}`)}], ',') AS entries
      FROM (
        SELECT pos, string_to_array(line, E'\t') AS f
        FROM unnest(string_to_array(${lines.join('\n')}, E'\n')) WITH ORDINALITY AS l (line, pos)
        -- So that each line is split once, not for each field.
        OFFSET 0
      ) AS split`

/** Needs `visited`. */
export const ENTERED = sql`entered AS MATERIALIZED (
      SELECT link_id, domain, quarter, day, is_bot, vals, least(split_part(entry, ':', 1)::int, ${sql.raw(`${QUARTER_S - 1}`)}) AS second,
        ('x' || nullif(split_part(entry, ':', 2), ''))::bit(32)::int AS visitor
      FROM visited CROSS JOIN LATERAL unnest(entries) WITH ORDINALITY AS e (entry, i)
      -- Of a line that counts in part, the newest.
      WHERE i > cardinality(entries) - hits
    )`
