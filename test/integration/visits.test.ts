import { describe, expect } from 'vitest'
import { MAX_KEYS } from '../../src/postgres/packed-details.ts'
import { createVisitLines } from '../../src/visits/visit-lines.ts'
import { openHitStores } from '../support/hit-stores.ts'
import { test as base } from '../support/linkr.ts'
import { type SampleVisit, sampleSegment } from '../support/sample-visits.ts'
import { addUpAndForget } from '../support/statistics-add-up.ts'

const DAY_S = 24 * 60 * 60
const dayOf = (at: number): string => new Date(at * 1000).toISOString().slice(0, 10)

const test = base
  .extend('hits', { scope: 'file' }, ({ stores }) => openHitStores(stores))
  .extend('dimsOf', ({ stores }) => async (linkId: string, day = dayOf(Date.now() / 1000)) => {
    const [row] = await stores.sql<{ dims: Record<string, number> }>(
      'SELECT dims FROM link_details WHERE link_id = $1 AND day = $2',
      [linkId, day],
    )
    return row?.dims ?? {}
  })
  .extend('daysOf', ({ stores }) => (linkId: string) => {
    return stores.sql<{ day: string; hits: string; bots: string; visitors: number }>(
      'SELECT day::text, hits, bots, visitors FROM link_days WHERE link_id = $1 ORDER BY day',
      [linkId],
    )
  })

test.afterEach(({ stores }) => addUpAndForget(stores))

/** People of one dimension. */
const sumOf = (dims: Record<string, number>, letter: string): number =>
  Object.entries(dims).reduce((sum, [key, n]) => sum + (key.startsWith(letter) ? n : 0), 0)

describe('applied visits', () => {
  test('are in the days, the details and the log of their link', async ({ stores, hits, dimsOf, daysOf }) => {
    const [linkId = '', other = ''] = await hits.makeLinks(2)
    const at = Math.floor(Date.now() / 1000 / 900) * 900 + 7
    await hits.totals.apply([
      sampleSegment([
        { linkId, at, visitor: 1, country: 'AT', referrer: 'example.com', utmSource: 'mail' },
        { linkId, at: at + 1, visitor: 2 ** 32 - 1, qr: '1' },
        { linkId, at: at + 2, visitor: 1 },
        { linkId, at, isBot: true },
        { linkId: other, at },
      ]),
    ])
    const quarter = Math.floor((at % DAY_S) / 900)
    expect(await dimsOf(linkId, dayOf(at))).toEqual({
      ...{ cAT: 1, cDE: 2, r: 2, 'rexample.com': 1, ddesktop: 3, bFirefox: 3, oLinux: 3, lde: 3 },
      ...{ smail: 1, q1: 1, [`h${quarter}`]: 3, [`H${quarter}`]: 1 },
    })
    expect(await daysOf(linkId)).toEqual([{ day: dayOf(at), hits: '4', bots: '1', visitors: 2 }])
    const log = await stores.sql(
      `SELECT extract(epoch FROM at)::int AS at, is_bot, visitor, country, utm_source FROM visits
       WHERE link_id = $1 ORDER BY at, is_bot, id`,
      [linkId],
    )
    expect(log).toEqual([
      { at, is_bot: false, visitor: 1, country: 'AT', utm_source: 'mail' },
      { at, is_bot: true, visitor: null, country: 'DE', utm_source: '' },
      { at: at + 1, is_bot: false, visitor: -1, country: 'DE', utm_source: '' },
      { at: at + 2, is_bot: false, visitor: 1, country: 'DE', utm_source: '' },
    ])
  })

  test('are in the rows of the domain that their link has then, and of all domains', async ({
    stores,
    hits,
  }) => {
    const [first = '', second = ''] = await hits.makeLinks(2)
    await stores.sql(`UPDATE links SET domain = 'go.example' WHERE id = $1`, [first])
    await hits.totals.apply([
      sampleSegment([
        { linkId: first, visitor: 1 },
        { linkId: second, visitor: 1 },
        { linkId: second, visitor: 2 },
      ]),
    ])
    await stores.sql(`UPDATE links SET domain = 'moved.example' WHERE id = $1`, [first])
    await hits.totals.apply([sampleSegment([{ linkId: first, visitor: 3, country: 'FR' }])])
    expect(
      await stores.sql('SELECT domain, hits, visitors FROM domain_days ORDER BY domain COLLATE "C"'),
    ).toEqual([
      { domain: '', hits: '4', visitors: 3 },
      { domain: '*', hits: '2', visitors: 2 },
      { domain: 'go.example', hits: '1', visitors: 1 },
      { domain: 'moved.example', hits: '1', visitors: 1 },
    ])
    expect(
      await stores.sql(`SELECT dims -> 'cFR' AS n FROM domain_details WHERE domain IN ('', 'moved.example')`),
    ).toEqual([{ n: 1 }, { n: 1 }])
  })

  test('count once however often their segment is applied, also at the same time', async ({
    hits,
    daysOf,
  }) => {
    const ids = await hits.makeLinks(50)
    const segment = sampleSegment(
      ids.flatMap((linkId, i) => [
        { linkId, visitor: i },
        { linkId, visitor: 7 },
      ]),
    )
    await Promise.all([1, 2, 3, 4].map(() => hits.totals.apply([segment])))
    await hits.totals.apply([segment])
    expect(await hits.total()).toBe(100)
    expect(await daysOf(ids[0] ?? '')).toMatchObject([{ hits: '2', visitors: 2 }])
  })

  test('of different segments on the same links add up when they are applied at the same time', async ({
    hits,
    daysOf,
    dimsOf,
  }) => {
    const ids = await hits.makeLinks(40)
    const rounds = Array.from({ length: 8 }, (_, i) => {
      const order = i % 2 === 0 ? ids : [...ids].reverse()
      return sampleSegment(order.map((linkId) => ({ linkId, visitor: i, country: i < 4 ? 'DE' : 'FR' })))
    })
    await Promise.all(rounds.map((segment) => hits.totals.apply([segment])))
    expect(await daysOf(ids[0] ?? '')).toMatchObject([{ hits: '8', visitors: 8 }])
    expect(await dimsOf(ids[39] ?? '')).toMatchObject({ cDE: 4, cFR: 4 })
  })

  test('of a segment that comes back with more are those that are new', async ({ hits, dimsOf, daysOf }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const before: SampleVisit[] = [
      { linkId, visitor: 1, country: 'DE' },
      { linkId, visitor: 2, country: 'AT' },
    ]
    await hits.totals.apply([sampleSegment(before, 'comes-back')])
    const again = [...before, { linkId, visitor: 3, country: 'FR' } as SampleVisit]
    const segment = { ...sampleSegment(again, 'comes-back'), newestBatches: ['another-1'] }
    expect(await hits.totals.apply([segment])).toMatchObject({ hits: 1, unknownVisits: 0 })
    expect(await dimsOf(linkId)).toMatchObject({ cDE: 1, cAT: 1, cFR: 1 })
    expect(await daysOf(linkId)).toMatchObject([{ hits: '3', visitors: 3 }])
  })

  test('of a batch that was applied on its own before are not told again by its segment', async ({
    hits,
    dimsOf,
  }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    await hits.totals.apply([sampleSegment([{ linkId, country: 'DE' }], 'isolate-1')])
    const segment = sampleSegment([
      { linkId, country: 'DE' },
      { linkId, country: 'FR' },
    ])
    await hits.totals.apply([{ ...segment, newestBatches: ['isolate-1'] }])
    expect(await dimsOf(linkId)).toMatchObject({ cDE: 1, cFR: 1 })
  })

  test('that no line tells of are of people of whom nothing is known', async ({ hits, dimsOf, daysOf }) => {
    const [linkId = '', silent = ''] = await hits.makeLinks(2)
    const { visits } = sampleSegment([{ linkId, at: Date.now() / 1000 - DAY_S, isBot: true }])
    const counts = new Map([
      [linkId, 3],
      [silent, 2],
    ])
    const applied = await hits.totals.apply([{ id: 'silent', hits: counts, newestBatches: [], visits }])
    expect(applied).toMatchObject({ hits: 5, unknownVisits: 4, corruptLines: 0 })
    expect(await daysOf(linkId)).toMatchObject([
      { hits: '1', bots: '1' },
      { hits: '2', bots: '0' },
    ])
    expect(await dimsOf(silent)).toMatchObject({ cXX: 2, dother: 2, r: 2, b: 2, o: 2, l: 2 })
  })

  test('are unknown if their text is corrupt, and the lines around them are not', async ({
    hits,
    dimsOf,
  }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const segment = sampleSegment([
      { linkId, country: 'FR' },
      { linkId, country: 'AT' },
    ])
    const [first = '', second = ''] = segment.visits.split('\n')
    const junk = [
      '\u0000',
      '!\tjunk',
      `${linkId}\t1\t`,
      'x'.repeat(70_000),
      first.replace('FR', 'a\tb'),
      `9${first}`,
    ]
    const visits = [...junk, first.slice(0, -20), second, ''].join('\n')
    expect(await hits.totals.apply([{ ...segment, visits }])).toMatchObject({
      unknownVisits: 1,
      corruptLines: 6,
    })
    expect(await dimsOf(linkId)).toMatchObject({ cAT: 1, cXX: 1 })
  })

  test('that lines tell more of than counters have are the newest ones', async ({ stores, hits, dimsOf }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const at = Math.floor(Date.now() / 1000 / 900) * 900
    const segment = sampleSegment([
      { linkId, at, country: 'DE' },
      { linkId, at: at + 1, country: 'FR', visitor: 1 },
      { linkId, at: at + 2, country: 'FR', visitor: 2 },
      { linkId, at: at + 3, country: 'AT' },
    ])
    await hits.totals.apply([{ ...segment, hits: new Map([[linkId, 2]]) }])
    expect(await dimsOf(linkId, dayOf(at))).toMatchObject({ cAT: 1, cFR: 1 })
    expect(await stores.sql('SELECT visitor FROM visits WHERE visitor IS NOT NULL')).toEqual([{ visitor: 2 }])
  })

  test('of late segments are in the day and quarter in which they were', async ({ hits, dimsOf, daysOf }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const at = Math.floor(Date.now() / 1000 / DAY_S) * DAY_S - 3 * DAY_S + 37 * 900 + 5
    await hits.totals.apply([sampleSegment([{ linkId, at, visitor: 1 }])])
    expect(await dimsOf(linkId, dayOf(at))).toMatchObject({ h37: 1 })
    expect(await daysOf(linkId)).toMatchObject([{ day: dayOf(at), hits: '1', visitors: 1 }])
  })

  test('of an isolate whose clock is years off are now', async ({ hits, daysOf }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const now = Date.now() / 1000
    const years = [now + 900 * DAY_S, now - 900 * DAY_S]
    const segment = sampleSegment(years.map((at) => ({ linkId, at })))
    expect(await hits.totals.apply([segment])).toMatchObject({ hits: 2, unknownVisits: 2, corruptLines: 2 })
    expect(await daysOf(linkId)).toMatchObject([{ hits: '2' }])
  })

  test('of links that are gone are dropped, and deleting a link deletes its visits', async ({
    stores,
    hits,
  }) => {
    const [kept = '', gone = ''] = await hits.makeLinks(2)
    await hits.totals.apply([sampleSegment([{ linkId: kept }, { linkId: gone, visitor: 1 }])])
    await stores.sql('DELETE FROM links WHERE id = $1', [gone])
    expect(await hits.totals.apply([sampleSegment([{ linkId: kept }, { linkId: gone }])])).toMatchObject({
      ...{ hits: 1, dropped: 1, unknownVisits: 0 },
    })
    for (const table of ['link_days', 'link_details', 'link_visitors', 'visits']) {
      expect(await stores.sql(`SELECT FROM ${table} WHERE link_id = $1`, [gone])).toEqual([])
    }
  })

  test('of any number of referrers add up, and a row stays bounded', async ({ stores, hits, dimsOf }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    // `npm run test:spam` draws a million.
    const [rounds, each] = [Number(process.env.SPAM_ROUNDS ?? 4), 2_500]
    await hits.totals.apply([sampleSegment([{ linkId, referrer: 'early.example' }])])
    for (let round = 0; round < rounds; round++) {
      const spam = Array.from({ length: each }, (_, i) => ({ linkId, referrer: `r${round}-${i}.example` }))
      await hits.totals.apply([sampleSegment([...spam, { linkId, referrer: 'early.example' }])])
    }
    const dims = await dimsOf(linkId)
    expect(sumOf(dims, 'r')).toBe(1 + rounds * (each + 1))
    expect(dims['rearly.example']).toBe(1 + rounds)
    expect(dims['r*']).toBeGreaterThan(rounds * each - MAX_KEYS)
    expect(Object.keys(dims).length).toBeLessThanOrEqual(MAX_KEYS + 1)
    const [all] = await stores.sql<{ dims: Record<string, number> }>(
      `SELECT dims FROM domain_details WHERE domain = ''`,
    )
    expect(sumOf(all?.dims ?? {}, 'r')).toBe(1 + rounds * (each + 1))
    // A country is always told apart.
    await hits.totals.apply([sampleSegment([{ linkId, country: 'FR' }])])
    expect(await dimsOf(linkId)).toMatchObject({ cFR: 1 })
  })

  test('of numbers that no hash has made are counted all the same, and as no more visitors than people', async ({
    hits,
    daysOf,
  }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    // Each has a register of its own, and the highest rank.
    const numbers = Array.from({ length: 2 ** 14 }, (_, visitor) => ({ linkId, visitor }))
    expect(await hits.totals.apply([sampleSegment(numbers)])).toMatchObject({ hits: 2 ** 14 })
    expect(await daysOf(linkId)).toMatchObject([{ hits: `${2 ** 14}`, visitors: 2 ** 14 }])
  })

  test('that Postgres refuses are counted as hits of which nothing is known, and hold up no flush', async ({
    stores,
    hits,
    daysOf,
  }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    let statements = 0
    stores.postgresFaults.inject({ kind: 'sql-error', sqlState: '22003' }, () => ++statements === 1)
    try {
      const applied = await hits.totals.apply([
        sampleSegment([{ linkId }, { linkId }]),
        sampleSegment([{ linkId }]),
      ])
      expect(applied).toMatchObject({ segments: 2, hits: 3, unknownVisits: 3 })
    } finally {
      stores.heal()
    }
    expect(await daysOf(linkId)).toMatchObject([{ hits: '3' }])
  })

  test('wait for a statement that is to be tried again', async ({ stores, hits }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const segment = sampleSegment([{ linkId }])
    stores.postgresFaults.inject({ kind: 'sql-error', sqlState: '22012' })
    try {
      await expect(hits.totals.apply([segment])).rejects.toMatchObject({ code: '22012' })
    } finally {
      stores.heal()
    }
    expect(await hits.totals.apply([segment])).toMatchObject({ hits: 1, unknownVisits: 0 })
  })

  test('are in the log as far as there is room for them, and in all counts', async ({
    stores,
    hits,
    daysOf,
  }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const many = 100_003
    const applied = await hits.totals.apply([
      { id: 'many', hits: new Map([[linkId, many]]), newestBatches: [], visits: '' },
    ])
    expect(applied).toMatchObject({ hits: many, unknownVisits: many, unloggedVisits: 3 })
    expect(await daysOf(linkId)).toMatchObject([{ hits: `${many}` }])
    expect(await stores.sql('SELECT count(*)::int FROM visits')).toEqual([{ count: many - 3 }])
    await stores.sql('DELETE FROM links')
  })
})

describe('misses', () => {
  const missed = (codes: readonly string[], id: string) => {
    const lines = createVisitLines()
    for (const code of codes) lines.addMiss({ domain: '*', code, at: Date.now() / 1000 })
    return { id, hits: new Map<string, number>(), newestBatches: [], visits: lines.encode() }
  }

  test('are counted by code, once however often their segment is applied', async ({ stores, hits }) => {
    const segment = missed(['a', 'b', 'a'], 'missed')
    await hits.totals.apply([segment])
    await hits.totals.apply([segment, missed(['a'], 'missed-too')])
    expect(await stores.sql('SELECT domain, code, misses FROM misses ORDER BY code')).toEqual([
      { domain: '*', code: 'a', misses: '3' },
      { domain: '*', code: 'b', misses: '1' },
    ])
  })

  test('of more than 1,000 codes of a domain and day are summed', async ({ stores, hits }) => {
    for (let i = 0; i < 8; i++) {
      const codes = Array.from({ length: 200 }, (_, n) => `code-${i * 200 + n}`)
      await hits.totals.apply([missed(['often', ...codes.slice(1)], `missed-${i}`)])
    }
    const rows = await stores.sql<{ code: string; misses: string }>('SELECT code, misses FROM misses')
    expect(rows).toHaveLength(1_001)
    expect(rows.reduce((sum, { misses }) => sum + Number(misses), 0)).toBe(8 * 200)
    expect(rows.find(({ code }) => code === 'often')?.misses).toBe('8')
  })
})
