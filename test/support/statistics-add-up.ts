import { expect } from 'vitest'
import { DIMENSION_NAMES, DIMENSIONS, QUARTER_LETTERS } from '../../src/visits/visit.ts'
import type { Stores } from './stores.ts'

export interface Expected {
  /** Whether every visit is in the log: it is not older, and nothing was purged. Default: yes. */
  readonly isLogWhole?: boolean
}

/** Letters of dimensions whose values are together as many as people, and of those that have fewer. */
const WHOLE = DIMENSION_NAMES.filter((name) => 'storesEmpty' in DIMENSIONS[name]).map(
  (name) => DIMENSIONS[name].letter,
)
const PARTIAL = DIMENSION_NAMES.filter((name) => !('storesEmpty' in DIMENSIONS[name])).map(
  (name) => DIMENSIONS[name].letter,
)

/**
 * Of each owner, month and letter: what it should be, and what the details of days and of the month tell. Quarters of an
 * hour are in no month, so of one that was begun to be compacted they are not known.
 */
const TOLD = (kind: 'link' | 'domain', owner: string): string => `
  SELECT '${kind}' AS of, ${owner}::text AS owner, month::text, letter, people, bots,
    coalesce(told, 0) AS told, m.dims IS NOT NULL AS is_compacted
  FROM (
    SELECT ${owner}, date_trunc('month', day)::date AS month, sum(hits - bots) AS people, sum(bots) AS bots
    FROM ${kind}_days GROUP BY 1, 2
  ) AS d CROSS JOIN unnest($1::text[]) AS letter LEFT JOIN ${kind}_months m USING (${owner}, month) LEFT JOIN (
    SELECT ${owner}, month, left(key, 1) AS letter, sum(value::bigint) AS told FROM (
      SELECT ${owner}, date_trunc('month', day)::date AS month, dims FROM ${kind}_details
      UNION ALL SELECT ${owner}, month, dims FROM ${kind}_months
    ) AS packed CROSS JOIN jsonb_each(dims) GROUP BY 1, 2, 3
  ) AS t USING (${owner}, month, letter)`

/**
 * Every statistic in Postgres adds up, for hits since migration 0010: days are the hits of their link, the values of each
 * dimension the people of their day, the domains' rows '' (all of them together), and the log has a row a hit.
 */
export async function expectStatisticsToAddUp(
  { sql }: Stores,
  { isLogWhole = true }: Expected = {},
): Promise<void> {
  const links = await sql(`
    SELECT h.link_id, h.hits, h.bots, h.baseline, d.hits AS days_hits, d.bots AS days_bots FROM link_hits h LEFT JOIN (
      SELECT link_id, sum(hits) AS hits, sum(bots) AS bots FROM link_days GROUP BY link_id
    ) AS d USING (link_id)
    WHERE h.hits <> coalesce(d.hits, 0) OR h.bots < coalesce(d.bots, 0)
      OR (h.baseline = 0 AND h.bots <> coalesce(d.bots, 0))`)
  expect(links, 'link_hits and link_days').toEqual([])

  const told = `WITH told AS (${TOLD('link', 'link_id')} UNION ALL ${TOLD('domain', 'domain')}) SELECT * FROM told`
  const whole = await sql(`${told} WHERE told <> people`, [WHOLE])
  expect(whole, 'dimensions and people').toEqual([])
  const quarters = await sql(
    `${told} WHERE NOT is_compacted AND told <> CASE letter WHEN '${QUARTER_LETTERS.bots}' THEN bots ELSE people END`,
    [Object.values(QUARTER_LETTERS)],
  )
  expect(quarters, 'quarters of an hour and hits').toEqual([])
  expect(await sql(`${told} WHERE told > people`, [PARTIAL]), 'dimensions and people').toEqual([])

  const domains = await sql(`
    SELECT day, sum(hits) AS hits FROM domain_days GROUP BY day
    HAVING sum(hits) FILTER (WHERE domain = '') IS DISTINCT FROM sum(hits) FILTER (WHERE domain <> '')
      OR sum(bots) FILTER (WHERE domain = '') IS DISTINCT FROM sum(bots) FILTER (WHERE domain <> '')
    UNION ALL
    SELECT l.day, l.hits FROM (SELECT day, sum(hits) AS hits FROM link_days GROUP BY day) AS l
    LEFT JOIN domain_days d ON d.day = l.day AND d.domain = '' WHERE coalesce(d.hits, 0) < l.hits`)
  expect(domains, 'domains together').toEqual([])

  const days = await sql(`SELECT * FROM link_days WHERE visitors > hits - bots OR bots > hits OR hits <= 0`)
  expect(days, 'visitors and people').toEqual([])

  if (!isLogWhole) return
  const logged = await sql(`
    SELECT link_id, day, d.hits, d.bots, v.hits AS logged, v.bots AS logged_bots FROM link_days d FULL JOIN (
      SELECT link_id, (at AT TIME ZONE 'UTC')::date AS day, count(*) AS hits, count(*) FILTER (WHERE is_bot) AS bots
      FROM visits GROUP BY 1, 2
    ) AS v USING (link_id, day)
    WHERE d.hits IS DISTINCT FROM v.hits OR d.bots IS DISTINCT FROM v.bots`)
  expect(logged, 'the log and link_days').toEqual([])
}

/** For after a test: what it leaves adds up, and is gone for the next one. */
export async function addUpAndForget(stores: Stores, expected?: Expected): Promise<void> {
  try {
    await expectStatisticsToAddUp(stores, expected)
  } finally {
    await stores.sql(
      'TRUNCATE links, applied_hits, domain_days, domain_details, domain_months, domain_visitors, misses CASCADE',
    )
  }
}
