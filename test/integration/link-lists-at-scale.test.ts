import { PgDialect } from 'drizzle-orm/pg-core'
import { describe, expect } from 'vitest'
import type { LinkFilter } from '../../src/owners/link-filter.ts'
import { LINK_SORTS, type LinkListQuery } from '../../src/owners/link-pages.ts'
import { pageStatement } from '../../src/postgres/link-pages.ts'
import { PLANNER_SETTINGS } from '../../src/postgres/planner-settings.ts'
import { test } from '../support/linkr.ts'

const LINKS = 20_000

test.beforeAll(async ({ stores }) => {
  await stores.sql(`
    INSERT INTO links (domain, code, url, title, tags, enabled, expires_at, created_at)
    SELECT CASE WHEN i % 100 = 0 THEN 'rare.example.com' ELSE '*' END, md5(i::text), 'https://example.com/' || md5(i::text),
      'Number ' || i, CASE WHEN i % 500 = 0 THEN ARRAY['rare', 'common'] ELSE ARRAY['common'] END, i % 200 <> 0,
      CASE WHEN i % 100 = 3 THEN now() + (i - ${LINKS / 2}) * interval '1 hour' END, now() - i * interval '1 minute'
    FROM generate_series(1, ${LINKS}) AS i`)
  await stores.sql('UPDATE link_hits SET hits = link_id % 100 WHERE link_id % 2 = 0')
  for (const table of ['links', 'link_hits']) await stores.sql(`ANALYZE ${table}`)
})

const FILTERS: readonly LinkFilter[] = [
  {},
  { domains: ['rare.example.com'] },
  { domains: ['*', 'rare.example.com'] },
  { code: 'c4ca4238a0b923820dcc509a6f75849b' },
  { domains: ['*'], code: 'c4ca4238a0b923820dcc509a6f75849b' },
  { tags: ['rare'] },
  { tags: ['common'] },
  { q: 'c4ca' },
  { q: 'example.com' },
  { q: 'zz' },
  { enabled: false },
  { expired: true },
  { domains: ['*'], tags: ['common'], q: 'number 19', enabled: true, expired: false },
]

/** Every statement that a list can send, in its middle and at its beginning. */
const STATEMENTS = FILTERS.flatMap((filter) =>
  LINK_SORTS.flatMap((sort) =>
    (['asc', 'desc'] as const).flatMap((order) => {
      const isCount = sort === 'hits' || sort === 'people'
      const middle = { key: isCount ? '50' : '2026-06-01T00:00:00.000000Z', id: `${LINKS / 2}` }
      return [null, middle].map((after): [string, LinkListQuery] => [
        `${JSON.stringify(filter)} by ${sort} ${order}${after === null ? '' : ', from the middle'}`,
        { filter, sort, order, after, limit: 50 },
      ])
    }),
  ),
)

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly Plan[]
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]

describe('a list of many links', () => {
  test('never reads a table from end to end, whatever it is filtered and sorted by', async ({ stores }) => {
    const { sql: settings } = new PgDialect().sqlToQuery(PLANNER_SETTINGS)
    // As the Worker sends them, for one transaction; here for the session.
    await stores.sql(settings.replaceAll('true)', 'false)'))
    const scans: string[] = []
    for (const [name, query] of STATEMENTS) {
      const statement = new PgDialect().sqlToQuery(pageStatement(query))
      const [row] = await stores.sql<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
        `EXPLAIN (FORMAT JSON) ${statement.sql}`,
        statement.params,
      )
      const plan = row?.['QUERY PLAN'][0]?.Plan
      const scan = plan && nodes(plan).find((node) => node['Node Type'] === 'Seq Scan')
      if (plan === undefined || scan !== undefined) scans.push(`${name}: ${scan?.['Relation Name']}`)
    }
    expect(scans).toEqual([])
  })

  test('looks at few rows to find a page, however the links that match are spread', async ({ stores }) => {
    const touched: [string, number][] = []
    for (const [name, query] of STATEMENTS) {
      const statement = new PgDialect().sqlToQuery(pageStatement(query))
      const [row] = await stores.sql<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${statement.sql}`,
        statement.params,
      )
      const plan = row?.['QUERY PLAN'][0]?.Plan
      const rows = Math.max(...(plan === undefined ? [Infinity] : nodes(plan).map(rowsOf)))
      // A search that no index helps looks at 20,000 a page, and at no more. So may one that several indexes help:
      // which of them narrows it down is the planner's guess.
      const bound = query.filter.q === 'zz' || query.filter.tags?.includes('common') ? 20_001 : 12_000
      if (rows > bound) touched.push([name, rows])
    }
    expect(touched).toEqual([])
  })
})

function rowsOf(plan: Plan & { readonly 'Actual Rows'?: number; readonly 'Actual Loops'?: number }): number {
  return (plan['Actual Rows'] ?? 0) * (plan['Actual Loops'] ?? 0)
}
