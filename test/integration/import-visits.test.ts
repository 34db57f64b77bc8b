import { describe, expect } from 'vitest'
import { ADMIN_TOKEN } from '../support/edge.ts'
import { openHitStores } from '../support/hit-stores.ts'
import { test as base } from '../support/linkr.ts'
import { addUpAndForget } from '../support/statistics-add-up.ts'

const HOST = 'go.example.com'

interface Result {
  readonly outcome: string
  readonly hits: number
  readonly problem?: string
  readonly errors?: { readonly path: string; readonly message: string }[]
}

const test = base
  .override('settings', { DOMAINS: HOST })
  .extend('hits', { scope: 'file' }, ({ stores }) => openHitStores(stores))
  .extend('send', ({ edge }) => async (days: readonly object[], more: object = {}, token = ADMIN_TOKEN) => {
    const body = { source: 'shlink', days, ...more }
    const response = await edge.api('POST', '/visits/import', body, { Authorization: `Bearer ${token}` })
    const text = await response.text()
    expect([response.status, response.status === 200 ? '' : text]).toEqual([200, ''])
    return (JSON.parse(text) as { results: Result[] }).results
  })
  .extend('link', ({ edge }) => async (code: string, hits?: number, domain = '*') => {
    const body = { links: [{ url: 'https://example.com/', code, domain, hits }] }
    const response = await edge.api('POST', '/links/import', body)
    const { results } = (await response.json()) as { results: { id: string }[] }
    return results[0]?.id ?? ''
  })
  .extend('countsOf', ({ stores }) => async (id: string) => {
    const [row] = await stores.sql<Record<string, unknown>>(
      `SELECT h.hits::int, h.baseline::int, h.bots::int, h.last_hit_at, ARRAY(
         SELECT day || ' ' || hits || ' ' || bots FROM link_days d WHERE d.link_id = h.link_id ORDER BY day
       ) AS days FROM link_hits h WHERE link_id = $1`,
      [id],
    )
    return row
  })

test.afterEach(({ stores }) => addUpAndForget(stores, { isLogWhole: false }))

const DAY = '2019-05-01'
const at = (time: string, day = DAY): string => `${day}T${time}Z`
const dayOf = (code: string, visits: readonly object[], day = DAY) => ({ domain: '*', code, day, visits })

describe('imported visits', () => {
  test('are in the days and details of their link, and bots tell only their country', async ({
    stores,
    link,
    send,
    countsOf,
  }) => {
    const id = await link('a')
    const results = await send([
      dayOf('a', [
        { at: at('10:00:01'), country: 'DE', browser: 'Firefox', referrer: 'news.example', city: 'Köln' },
        { at: at('10:15:00'), hits: 3, country: 'AT', device: 'mobile' },
        { at: at('23:59:59'), bot: true, country: 'US', browser: 'Firefox' },
      ]),
      dayOf('a', [{ at: at('00:00:00', '2019-05-02') }], '2019-05-02'),
    ])
    expect(results).toEqual([
      { index: 0, outcome: 'counted', hits: 5 },
      { index: 1, outcome: 'counted', hits: 1 },
    ])
    expect(await countsOf(id)).toEqual({
      ...{ hits: 6, baseline: 0, bots: 1, last_hit_at: null },
      days: ['2019-05-01 5 1', '2019-05-02 1 0'],
    })
    const [row] = await stores.sql('SELECT dims FROM link_details WHERE day = $1', [DAY])
    expect(row).toEqual({
      dims: {
        ...{ cDE: 1, cAT: 3, r: 3, 'rnews.example': 1, dmobile: 3, dother: 1, b: 3, bFirefox: 1, o: 4, l: 4 },
        ...{ tKöln: 1, h40: 1, h41: 3, H95: 1 },
      },
    })
  })

  test('count once, however often they come', async ({ link, send, countsOf }) => {
    const id = await link('a')
    const days = [dayOf('a', [{ at: at('10:00:00') }, { at: at('11:00:00'), bot: true }])]
    await send(days)
    expect(await send(days)).toEqual([{ index: 0, outcome: 'unchanged', hits: 0 }])
    const together = await Promise.all(
      [1, 2, 3, 4].map(() => send([...days, dayOf('a', [{ at: '2019-06-01T00:00:00Z' }], '2019-06-01')])),
    )
    expect(together.flatMap((results) => results.map(({ hits }) => hits)).toSorted()).toEqual([
      0, 0, 0, 0, 0, 0, 0, 1,
    ])
    expect(await countsOf(id)).toMatchObject({ hits: 3, bots: 1 })
  })

  test('of a later export add what its days have more, the newest visits', async ({
    stores,
    link,
    send,
    countsOf,
  }) => {
    const id = await link('a')
    const other = await link('b')
    await send([
      dayOf('a', [{ at: at('10:00:00'), country: 'DE' }]),
      dayOf('a', [{ at: at('10:00:00', '2019-05-02'), country: 'DE' }], '2019-05-02'),
      dayOf('b', [{ at: at('10:00:00') }]),
    ])
    const results = await send([
      // Out of order, as an export may be.
      dayOf('a', [
        { at: at('12:00:00'), hits: 2, country: 'AT' },
        { at: at('10:00:00'), country: 'DE' },
      ]),
      dayOf(
        'a',
        [
          { at: at('10:00:00', '2019-05-02'), country: 'DE' },
          { at: at('11:00:00', '2019-05-02'), country: 'FR' },
        ],
        '2019-05-02',
      ),
      dayOf('b', [{ at: at('10:00:00') }]),
    ])
    expect(results.map(({ outcome, hits }) => `${outcome} ${hits}`)).toEqual([
      'counted 2',
      'counted 1',
      'unchanged 0',
    ])
    expect(await countsOf(id)).toMatchObject({ hits: 5, days: ['2019-05-01 3 0', '2019-05-02 2 0'] })
    expect(await countsOf(other)).toMatchObject({ hits: 1 })
    const rows = await stores.sql<{ day: string; dims: Record<string, number> }>(
      'SELECT day::text, dims FROM link_details WHERE link_id = $1 ORDER BY day',
      [id],
    )
    expect(rows.map(({ day, dims }) => [day, dims.cDE, dims.cAT, dims.cFR])).toEqual([
      ['2019-05-01', 1, 2, undefined],
      ['2019-05-02', 1, undefined, 1],
    ])
    // One of another source counts beside it.
    const [more] = await send([dayOf('a', [{ at: at('10:00:00') }])], { source: 'yourls' })
    expect(more?.hits).toBe(1)
  })

  test('are taken out of the total that the link came with, also when the total comes again', async ({
    edge,
    hits,
    link,
    send,
    countsOf,
  }) => {
    const id = await link('a', 10)
    const days = [
      dayOf('a', [{ at: at('10:00:00'), hits: 3 }]),
      dayOf('a', [{ at: at('10:00:00', '2019-05-02') }], '2019-05-02'),
    ]
    await send(days)
    expect(await countsOf(id)).toMatchObject({ hits: 4, baseline: 6 })
    const again = { onConflict: 'overwrite', links: [{ url: 'https://example.com/', code: 'a', hits: 12 }] }
    await edge.api('POST', '/links/import', again)
    expect(await countsOf(id)).toMatchObject({ hits: 4, baseline: 8 })
    await hits.purge.purgeStats(id, '2019-05-02')
    expect(await countsOf(id)).toMatchObject({ hits: 1, baseline: 11 })
    await edge.api('POST', '/links/import', again)
    expect(await countsOf(id)).toMatchObject({ hits: 1, baseline: 11 })
    // Forgotten days do not come back as further hits.
    expect((await send(days)).map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged'])
    const few = await link('few', 1)
    await send([dayOf('few', [{ at: at('10:00:00'), hits: 3 }])])
    expect(await countsOf(few)).toMatchObject({ hits: 3, baseline: 0 })
  })

  test('are in the log to the second as far as it reaches back', async ({ stores, link, send }) => {
    await link('a')
    const recent = new Date(Math.floor(Date.now() / 1000) * 1000 - 2 * 24 * 60 * 60_000).toISOString()
    await send([
      dayOf('a', [{ at: recent, country: 'DE', hits: 2 }], recent.slice(0, 10)),
      dayOf('a', [{ at: at('10:00:00'), country: 'DE' }]),
    ])
    const log = await stores.sql<{ at: string; visitor: number | null }>(
      `SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"') AS at, visitor FROM visits`,
    )
    expect(log).toEqual([
      { at: recent, visitor: null },
      { at: recent, visitor: null },
    ])
  })

  test('go through a flush of the same links meanwhile', async ({ stores, hits, link, send, countsOf }) => {
    const id = await link('a', 100)
    const dayOfMonth = (n: number): string => `2019-05-${String(n).padStart(2, '0')}`
    const batch = (n: number) => ({ id: `s-${n}`, hits: new Map([[id, 1]]), newestBatches: [], visits: '' })
    await Promise.all([
      ...Array.from({ length: 8 }, (_, i) =>
        send([dayOf('a', [{ at: at('10:00:00', dayOfMonth(i + 1)) }], dayOfMonth(i + 1))]),
      ),
      ...Array.from({ length: 8 }, (_, i) => hits.totals.apply([batch(i)])),
    ])
    expect(await countsOf(id)).toMatchObject({ hits: 16, baseline: 92 })
    await stores.sql('TRUNCATE applied_hits')
  })

  test('change nothing in a dry run, which tells what would count', async ({ link, send, countsOf }) => {
    const id = await link('a', 7)
    const days = [dayOf('a', [{ at: at('10:00:00'), hits: 3 }]), dayOf('none', [{ at: at('10:00:00') }])]
    const expected = [
      { index: 0, outcome: 'counted', hits: 3 },
      { index: 1, outcome: 'rejected', hits: 0, problem: 'link_not_found' },
    ]
    expect(await send(days, { dryRun: true })).toEqual(expected)
    expect(await countsOf(id)).toMatchObject({ hits: 0, baseline: 7 })
    expect(await send(days)).toEqual(expected)
    expect(await send(days, { dryRun: true })).toMatchObject([{ outcome: 'unchanged' }, {}])
  })

  test('of a link that comes later count then, and go with their link', async ({
    stores,
    edge,
    link,
    send,
  }) => {
    const days = [dayOf('late', [{ at: at('10:00:00') }])]
    expect(await send(days)).toMatchObject([{ problem: 'link_not_found' }])
    const id = await link('late')
    expect(await send(days)).toMatchObject([{ outcome: 'counted', hits: 1 }])
    await edge.api('DELETE', `/links/${id}`)
    expect(await stores.sql('SELECT * FROM imported_days')).toEqual([])
    await link('late')
    expect(await send(days)).toMatchObject([{ outcome: 'counted', hits: 1 }])
    // The rows of domains keep those of the deleted link, as they do of all.
  })

  test('need a key that may write to the domain', async ({ edge, link, send }) => {
    await link('a')
    await link('a', undefined, HOST)
    const key = async (scopes: string[]) => {
      const response = await edge.api('POST', '/keys', { name: 'k', scopes, domains: [HOST] })
      return ((await response.json()) as { key: string }).key
    }
    const days = [
      { ...dayOf('a', [{ at: at('10:00:00') }]), domain: '*' },
      { ...dayOf('a', [{ at: at('10:00:00') }]), domain: HOST },
    ]
    const results = await send(days, {}, await key(['links:write']))
    expect(results).toMatchObject([{ problem: 'domain_forbidden' }, { outcome: 'counted' }])
    const reader = await edge.api(
      'POST',
      '/visits/import',
      { source: 'shlink', days },
      {
        Authorization: `Bearer ${await key(['links:read', 'stats:read'])}`,
      },
    )
    expect(reader.status).toBe(403)
  })
})

describe('days that are not fit', () => {
  test('are refused one by one, and the others count', async ({ link, send }) => {
    await link('a')
    const good = { at: at('10:00:00') }
    const tomorrow = new Date(Date.now() + 25 * 60 * 60_000).toISOString()
    const results = await send([
      dayOf('a', [good]),
      dayOf('a', [good]),
      dayOf('a', [{ at: at('10:00:00', '2019-05-02') }]),
      dayOf('a', [{ at: tomorrow }], tomorrow.slice(0, 10)),
      dayOf('a', [{ at: '1999-12-31T00:00:00Z' }], '1999-12-31'),
      dayOf('a', [{ ...good, browser: 'a\tb' }], DAY),
      dayOf('a', [{ ...good, browser: 'x'.repeat(65) }], DAY),
      dayOf('a', [{ ...good, country: 'Germany' }], DAY),
      dayOf('a', [{ ...good, hits: 0 }], DAY),
      dayOf('a', [{ ...good, visitor: 7 }], DAY),
      dayOf('a', [], DAY),
      dayOf("'; DROP TABLE links; --", [good]),
      dayOf(
        'a',
        Array.from({ length: 4_001 }, () => good),
        '2019-05-03',
      ),
    ])
    expect(results.map(({ outcome, problem }) => problem ?? outcome)).toEqual([
      'counted',
      'repeated_day',
      ...Array.from({ length: 11 }, () => 'invalid_request'),
    ])
  })

  test('may have a quarter of an hour with a billion visits', async ({ link, send, countsOf }) => {
    const id = await link('a')
    await send([dayOf('a', [{ at: at('10:00:00'), hits: 999_999_999 }])])
    expect(await countsOf(id)).toMatchObject({ hits: 999_999_999 })
  })
})
