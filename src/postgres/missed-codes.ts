import { type SQL, sql } from 'drizzle-orm'
import { FOLDED } from '../visits/visit.ts'
import type { NumberedLines } from './visit-rows.ts'
import { misses } from './visit-schema.ts'

/** Of a domain and day; the misses of further ones are summed. Flushes at the same moment may each add that many. */
export const MAX_CODES = 1_000

/**
 * Adds the misses of segments that were not applied before; of those that come back with more it is not known which are
 * new. A batch that was applied on its own and is part of a segment too may count its misses twice.
 *
 * Needs `segments` (no, id) and `inserted` (id).
 */
export function missedCodes(lines: NumberedLines): SQL {
  const [most, folded] = [sql.raw(`${MAX_CODES}`), sql.raw(`'${FOLDED}'`)]
  return sql`
    missed AS MATERIALIZED (
      SELECT f[4] AS domain, DATE 'epoch' + f[3]::int AS day, f[5] AS code, sum(f[6]::bigint)::bigint AS n
      FROM (
        SELECT string_to_array(line, E'\t') AS f FROM unnest(string_to_array(${lines.join('\n')}, E'\n')) AS line OFFSET 0
      ) AS split JOIN segments s ON s.no = f[1]::bigint
      WHERE s.id IN (SELECT id FROM inserted) GROUP BY 1, 2, 3
    ), missed_before AS MATERIALIZED (
      SELECT m.*, EXISTS (
        SELECT FROM ${misses} k WHERE k.domain = m.domain AND k.day = m.day AND k.code = m.code
      ) OR code = ${folded} AS is_known
      FROM missed m
    ), room AS MATERIALIZED (
      SELECT domain, day, (
        SELECT count(*) FROM ${misses} k WHERE k.domain = d.domain AND k.day = d.day AND k.code <> ${folded}
      ) AS codes FROM (SELECT DISTINCT domain, day FROM missed) AS d
    ), misses_written AS (
      INSERT INTO ${misses} (domain, day, code, misses)
      SELECT domain, day, CASE WHEN is_known OR rank + codes <= ${most} THEN code ELSE ${folded} END, sum(n)
      FROM (
        SELECT *, row_number() OVER (PARTITION BY domain, day, is_known ORDER BY n DESC, code) AS rank
        FROM missed_before
      ) AS ranked JOIN room USING (domain, day)
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (domain, day, code) DO UPDATE SET misses = ${misses}.misses + excluded.misses
    )`
}
