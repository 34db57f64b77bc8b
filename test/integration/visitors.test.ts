import { sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { describe, expect } from 'vitest'
import { MAX_NUMBERS, mergedSketch, visitors } from '../../src/postgres/visitor-sketch.ts'
import { createRandom } from '../chaos/random.ts'
import { openHitStores } from '../support/hit-stores.ts'
import { test as base } from '../support/linkr.ts'
import { sampleSegment } from '../support/sample-visits.ts'
import { addUpAndForget } from '../support/statistics-add-up.ts'

/** `npm run test:visitors` draws more. */
const SEEDS = Number(process.env.VISITORS_SEEDS ?? 2)
const SIZES = [
  0,
  1,
  49,
  MAX_NUMBERS,
  MAX_NUMBERS + 1,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
  25_000,
  50_000,
  100_000,
]

const dialect = new PgDialect()
const NONE = sql`NULL::int[]`

const test = base
  .extend('hits', { scope: 'file' }, ({ stores }) => openHitStores(stores))
  /** What the sketch says of so many of these numbers, each of which came twice. */
  .extend('estimate', ({ stores }) => async (numbers: readonly number[], sizes: readonly number[]) => {
    const seen = sql`${`{${numbers.join(',')}}`}::int[]`
    const query = dialect.sqlToQuery(sql`
      SELECT size, ${visitors(sql`second.numbers`, sql`second.registers`)} AS visitors
      FROM (SELECT ${seen} AS seen) AS given CROSS JOIN unnest(${`{${sizes.join(',')}}`}::int[]) AS size
      CROSS JOIN LATERAL (SELECT seen[1:size] AS seen_by_then) AS part
      CROSS JOIN LATERAL ${mergedSketch(sql`seen_by_then`, NONE, NONE, NONE)} AS first (numbers, registers)
      CROSS JOIN LATERAL ${mergedSketch(sql`first.numbers`, sql`first.registers`, sql`seen_by_then[1:1000]`, NONE)}
        AS second (numbers, registers)
      ORDER BY size`)
    return stores.sql<{ size: number; visitors: number }>(query.sql, query.params)
  })

test.afterEach(({ stores }) => addUpAndForget(stores))

describe('visitors', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    test(`are exact up to ${MAX_NUMBERS}, and within 3 % up to 100,000, of seed ${seed}`, async ({
      estimate,
    }) => {
      const random = createRandom(seed)
      const numbers = new Set<number>()
      while (numbers.size < 100_000) numbers.add(Math.floor(random.next() * 2 ** 32) | 0)
      for (const { size, visitors } of await estimate([...numbers], SIZES)) {
        const error = Math.abs(visitors - size) / Math.max(size, 1)
        expect(error, `${visitors} for ${size}`).toBeLessThanOrEqual(size <= MAX_NUMBERS ? 0 : 0.03)
      }
    })
  }

  test('of a link are told apart across flushes, and those who come again are not counted', async ({
    stores,
    hits,
  }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const random = createRandom(1)
    const number = () => Math.floor(random.next() * 2 ** 32)
    const everybody = Array.from({ length: 3_000 }, number)
    const shown: number[] = []
    for (const until of [49, 200, 250, 1_000, 3_000, 3_000]) {
      await hits.totals.apply([
        sampleSegment(everybody.slice(0, until).map((visitor) => ({ linkId, visitor }))),
      ])
      const rows = await stores.sql<{ visitors: number }>(
        'SELECT visitors FROM link_days UNION ALL SELECT visitors FROM domain_days',
      )
      expect(new Set(rows.map(({ visitors }) => visitors)).size).toBe(1)
      shown.push(rows[0]?.visitors ?? 0)
    }
    const [few, more, most, thousand = 0, all = 0, again] = shown
    expect([few, more, most, again]).toEqual([49, 200, 250, all])
    expect(Math.abs(thousand / 1_000 - 1)).toBeLessThan(0.03)
    expect(Math.abs(all / 3_000 - 1)).toBeLessThan(0.03)
  })

  test('of a day never become fewer, also when who they were is forgotten', async ({ stores, hits }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const at = Date.now() / 1000 - 4 * 24 * 60 * 60
    await hits.totals.apply([sampleSegment([1, 2, 3].map((visitor) => ({ linkId, at, visitor })))])
    await stores.sql('TRUNCATE link_visitors, domain_visitors')
    await hits.totals.apply([sampleSegment([{ linkId, at, visitor: 9 }])])
    expect(await stores.sql('SELECT hits, visitors FROM link_days WHERE link_id = $1', [linkId])).toEqual([
      { hits: '4', visitors: 3 },
    ])
  })
})
