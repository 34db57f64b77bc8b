import { describe, expect } from 'vitest'
import { test as base } from '../support/linkr.ts'
import { insertVisits, type KnownVisit, threeLinks } from '../support/stats-rows.ts'

interface Point {
  readonly at: string
  readonly hits: number
  readonly people: number
  readonly bots: number
  readonly visitors: number | null
}

interface Stats {
  readonly from: string
  readonly to: string
  readonly approximateBefore: string | null
  readonly totals: Omit<Point, 'at'> & { readonly waiting: number | null }
  readonly series: readonly Point[]
  readonly groups: Readonly<
    Record<
      string,
      {
        readonly from: string
        readonly to: string
        readonly values: readonly { readonly value: string; readonly people: number }[]
        readonly other: number
      }
    >
  >
}

const HOST = 'go.example.com'

const test = base
  .override('settings', { DOMAINS: HOST })
  .extend('stats', ({ edge }) => async (path: string, token?: string): Promise<Stats> => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    const response = await edge.api('GET', path, undefined, headers)
    expect([response.status, response.status === 200 ? '' : await response.text()]).toEqual([200, ''])
    return (await response.json()) as Stats
  })
  .extend('problem', ({ edge }) => async (path: string) => {
    const response = await edge.api('GET', path)
    const { errors, code } = (await response.json()) as {
      code: string
      errors?: { path: string; message: string }[]
    }
    return { status: response.status, code, path: errors?.[0]?.path, message: errors?.[0]?.message }
  })

const DE = {
  country: 'DE',
  device: 'mobile',
  referrer: 'news.example',
  browser: 'Firefox',
  utmSource: 'mail',
}
const AT = { country: 'AT', device: 'desktop', browser: 'Chrome' }
const VISITS: readonly KnownVisit[] = [
  // The night of the spring change in Berlin: 00:30, 01:59 and 03:00 by its clock, and a bot at 23:30 the day before.
  { link: '1', at: '2026-03-28T22:30:00Z', isBot: true },
  { link: '1', at: '2026-03-28T23:30:00Z', visitor: 7, values: DE },
  { link: '1', at: '2026-03-29T00:59:00Z', visitor: 7, values: DE },
  { link: '1', at: '2026-03-29T01:00:00Z', visitor: 8, values: AT },
  { link: '2', at: '2026-03-29T12:00:00Z', visitor: 8, values: AT },
  // The autumn change: 02:30 twice.
  { link: '1', at: '2026-10-25T00:30:00Z', visitor: 1, values: DE },
  { link: '1', at: '2026-10-25T01:30:00Z', visitor: 2, values: DE },
  { link: '3', domain: HOST, at: '2026-10-25T18:29:59Z', visitor: -3, values: AT },
  { link: '3', domain: HOST, at: '2026-10-25T18:30:00Z', values: { country: 'IN' } },
  { link: '3', domain: HOST, at: '2026-10-25T18:31:00Z', isBot: true },
]

const shown = (points: readonly Point[]): (readonly [string, number, number, number | null])[] =>
  points.map(
    ({ at, people, bots, visitors }) => [at.replace(':00.000Z', ''), people, bots, visitors] as const,
  )
const some = (points: readonly Point[]) => shown(points).filter(([, people, bots]) => people + bots > 0)

test.beforeAll(async ({ stores }) => {
  await stores.sql(threeLinks(HOST))
  await insertVisits(stores, VISITS)
})

describe('statistics', () => {
  test('count hits, people, bots and visitors of a link by UTC days, without gaps', async ({ stats }) => {
    const { totals, series, approximateBefore } = await stats('/links/1/stats?from=2026-03-27&to=2026-03-30')
    expect(totals).toEqual({ hits: 4, people: 3, bots: 1, visitors: 3, waiting: 0 })
    expect(shown(series)).toEqual([
      ['2026-03-27T00:00', 0, 0, 0],
      ['2026-03-28T00:00', 1, 1, 1],
      ['2026-03-29T00:00', 2, 0, 2],
      ['2026-03-30T00:00', 0, 0, 0],
    ])
    expect(approximateBefore).toBeNull()
  })

  test('divide days by the clock of a timezone, in spring and in autumn', async ({ stats }) => {
    const berlin = 'timezone=Europe/Berlin'
    const days = await stats(`/links/1/stats?from=2026-03-28&to=2026-03-29&${berlin}`)
    expect(shown(days.series)).toEqual([
      ['2026-03-27T23:00', 0, 1, 1],
      ['2026-03-28T23:00', 3, 0, 2],
    ])
    const spring = await stats(`/links/1/stats?from=2026-03-29&to=2026-03-29&interval=hour&${berlin}`)
    expect(spring.series).toHaveLength(23)
    expect(some(spring.series)).toEqual([
      ['2026-03-28T23:00', 1, 0, null],
      ['2026-03-29T00:00', 1, 0, null],
      ['2026-03-29T01:00', 1, 0, null],
    ])
    const autumn = await stats(`/links/1/stats?from=2026-10-25&to=2026-10-25&interval=hour&${berlin}`)
    expect(autumn.series).toHaveLength(25)
    expect(some(autumn.series)).toEqual([
      ['2026-10-25T00:00', 1, 0, null],
      ['2026-10-25T01:00', 1, 0, null],
    ])
  })

  test('divide days of a timezone that is half an hour off', async ({ stats }) => {
    const kolkata = await stats('/links/3/stats?from=2026-10-25&to=2026-10-26&timezone=Asia/Kolkata')
    expect(shown(kolkata.series)).toEqual([
      ['2026-10-24T18:30', 1, 0, 1],
      ['2026-10-25T18:30', 1, 1, 0],
    ])
  })

  test('have points of weeks and months too', async ({ stats }) => {
    const weeks = await stats('/links/1/stats?from=2026-03-20&to=2026-04-02&interval=week')
    expect(shown(weeks.series)).toEqual([
      ['2026-03-20T00:00', 0, 0, 0],
      ['2026-03-23T00:00', 3, 1, 3],
      ['2026-03-30T00:00', 0, 0, 0],
    ])
    const months = await stats('/stats?from=2026-03-01&to=2026-10-31&interval=month')
    expect(months.series).toHaveLength(8)
    expect(some(months.series)).toEqual([
      ['2026-03-01T00:00', 4, 1, 3],
      ['2026-10-01T00:00', 4, 1, 3],
    ])
  })

  test.for([
    ['', 10],
    ['&domain=*', 7],
    [`&domain=${HOST.toUpperCase()}`, 3],
    ['&tag=spring', 9],
    ['&tag=spring&tag=all', 9],
    ['&tag=none', 0],
    ['&tag=all&domain=*', 7],
    ['&link=2', 1],
    ['&link=2&tag=spring', 0],
    ['&link=999', 0],
  ] as const)('are of what is asked for: %s', async ([scope, hits], { stats }) => {
    const { totals } = await stats(`/stats?from=2026-01-01&to=2026-12-31${scope}`)
    expect(totals.hits).toBe(hits)
  })

  test('group people by dimensions, whose values add up to all people', async ({ stats }) => {
    const names = ['country', 'utmSource', 'qr', 'referrer', 'device']
    const asked = names.map((name) => `groupBy=${name}`).join('&')
    for (const scope of ['', '&tag=all']) {
      const { groups, totals } = await stats(`/stats?from=2026-03-01&to=2026-10-31&${asked}${scope}`)
      expect(Object.keys(groups).sort()).toEqual(names.toSorted())
      for (const { values, other, from, to } of Object.values(groups)) {
        expect(values.reduce((sum, { people }) => sum + people, other)).toBe(totals.people)
        expect([from, to]).toEqual(['2026-03-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'])
      }
      expect(groups.country?.values).toEqual([
        { value: 'DE', people: 4 },
        { value: 'AT', people: 3 },
        { value: 'IN', people: 1 },
      ])
      const halves = [
        { value: '', people: 4 },
        { value: 'mail', people: 4 },
      ]
      expect(groups.utmSource?.values).toEqual(halves)
      expect(groups.qr?.values).toEqual([{ value: '', people: 8 }])
    }
  })

  test('sum what is beyond the first 100 values, and what is folded', async ({ stores, stats }) => {
    const [link] = await stores.sql<{ id: string }>(
      "INSERT INTO links (domain, code, url) VALUES ('*', 'many', 'https://example.com/') RETURNING id",
    )
    await stores.sql('INSERT INTO link_days (link_id, day, hits) VALUES ($1, $2, $3)', [
      ...[link?.id, '2025-06-01', 300],
    ])
    await stores.sql(
      `INSERT INTO link_details (link_id, day, dims) SELECT $1, '2025-06-01', jsonb_object_agg(key, value) FROM (
        SELECT 'r' || n AS key, 1 + (n <= 100)::int AS value FROM generate_series(1, 150) AS n
        UNION ALL SELECT unnest(ARRAY['r*', 's*', 'sx', 'dother', 'h40']), unnest(ARRAY[50, 20, 30, 300, 300])) AS d`,
      [link?.id],
    )
    const path = `/links/${link?.id}/stats?from=2025-06-01&to=2025-06-01&groupBy=referrer&groupBy=utmSource`
    const { referrer, utmSource } = (await stats(path)).groups
    expect([referrer?.values.length, referrer?.values[0]?.people, referrer?.other]).toEqual([100, 2, 100])
    const rest = [
      { value: '', people: 250 },
      { value: 'x', people: 30 },
    ]
    expect(utmSource).toMatchObject({ values: rest, other: 20 })
  })

  test('take days that are compacted as a whole, and say before when', async ({ stores, stats }) => {
    const [link] = await stores.sql<{ id: string }>(
      "INSERT INTO links (domain, code, url) VALUES ('*', 'old', 'https://example.com/') RETURNING id",
    )
    const id = link?.id ?? ''
    const visit = (at: string, values: KnownVisit['values']) => ({
      link: id,
      domain: 'old',
      at,
      values: values ?? {},
    })
    const old = [
      visit('2024-01-31T23:30:00Z', DE),
      visit('2024-02-01T23:30:00Z', AT),
      visit('2024-03-31T23:30:00Z', DE),
      visit('2024-04-02T23:30:00Z', AT),
    ]
    const asked = 'groupBy=country&timezone=Europe/Berlin'
    await insertVisits(stores, old.slice(0, 3), (day) => day < '2024-04-02')
    await insertVisits(stores, old.slice(3))
    const all = await stats(`/links/${id}/stats?from=2024-01-01&to=2024-04-30&${asked}`)
    expect(all.approximateBefore).toBe('2024-04-01T00:00:00.000Z')
    expect(some(all.series)).toEqual([
      ['2024-01-30T23:00', 1, 0, 0],
      ['2024-01-31T23:00', 1, 0, 0],
      ['2024-03-30T23:00', 1, 0, 0],
      ['2024-04-02T22:00', 1, 0, 0],
    ])
    expect(all.groups.country?.values).toEqual([
      { value: 'AT', people: 2 },
      { value: 'DE', people: 2 },
    ])
    const february = await stats(`/links/${id}/stats?from=2024-02-10&to=2024-02-12&${asked}`)
    expect([february.totals.hits, february.groups.country]).toMatchObject([
      0,
      {
        from: '2024-02-01T00:00:00.000Z',
        to: '2024-03-01T00:00:00.000Z',
        values: [{ value: 'AT', people: 1 }],
      },
    ])
    const utc = await stats(`/links/${id}/stats?from=2024-01-31&to=2024-02-01`)
    expect([utc.approximateBefore, utc.totals.hits]).toEqual([null, 2])
  })

  test.for([
    ['from=2026-03-02&to=2026-03-01', 'from', /before/],
    ['from=2020-01-01&to=2026-01-01', 'from', /5 years/],
    ['from=2026-02-30', 'from', /date/],
    ['from=yesterday', 'from', /date/],
    ['to=2026-01-01T00:00:00', 'to', /date/],
    ['from=2026-01-01&from=2026-01-02', 'from', /date/],
    ['to=9999-12-31', 'to', /9998/],
    ['timezone=Mars/Phobos', 'timezone', /Europe\/Berlin/],
    ['timezone=', 'timezone', /empty/],
    ['interval=minute', 'interval', /hour, day/],
    ['from=2026-01-01&to=2026-10-01&interval=hour', 'interval', /2,?200/],
    ['groupBy=colour', 'groupBy.0', /country/],
    ['link=one', 'link', /id/],
    ['bot=maybe', 'bot', /true or false/],
    [`country=${'a'.repeat(65)}`, 'country.0', /64/],
    ['country=DE&from=2025-01-01&to=2025-02-01', 'from', /must be 20\d\d-.*Z or later/],
    ['colour=red', 'colour', /not a field/],
  ] as const)('refuse %s', async ([query, path, message], { problem }) => {
    expect(await problem(`/stats?${query}`)).toMatchObject({
      ...{ status: 422, code: 'invalid_request', path, message: expect.stringMatching(message) },
    })
  })

  test('of a link that does not exist are a 404', async ({ problem }) => {
    for (const id of ['999', '0', 'x', '1e3']) {
      expect(await problem(`/links/${id}/stats`)).toMatchObject({ status: 404, code: 'link_not_found' })
    }
  })
})

describe('a key', () => {
  test('needs the scope stats:read, and sees only its domains', async ({ edge, stats }) => {
    const make = async (scopes: string[], domains: string[] | null) => {
      const made = await edge.api('POST', '/keys', { name: 'a', scopes, domains })
      return ((await made.json()) as { key: string }).key
    }
    const reader = await make(['stats:read'], null)
    const limited = await make(['stats:read'], [HOST])
    const both = await make(['stats:read'], [HOST, '*'])
    const other = await make(['links:read', 'links:write'], null)
    const as = (token: string, path: string) =>
      edge.api('GET', path, undefined, { Authorization: `Bearer ${token}` })
    const range = 'from=2026-03-01&to=2026-10-31'
    const hits = async (path: string, token: string) => (await stats(path, token)).totals.hits
    expect(await hits(`/stats?${range}`, reader)).toBe(10)
    expect(await hits(`/stats?${range}`, both)).toBe(10)
    expect(await hits(`/stats?${range}`, limited)).toBe(3)
    expect(await hits(`/stats?${range}&tag=all`, limited)).toBe(3)
    expect(await hits(`/stats?${range}&link=1`, limited)).toBe(0)
    expect(await hits(`/links/3/stats?${range}`, limited)).toBe(3)
    expect((await as(limited, '/links/1/stats')).status).toBe(404)
    expect((await as(limited, '/links/1/stats?bot=true')).status).toBe(404)
    for (const path of ['/stats', '/visits', '/stats/misses']) {
      const refused = await as(limited, `${path}?domain=*`)
      expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'domain_forbidden' }])
      expect((await as(other, path)).status).toBe(403)
    }
    expect((await as(reader, '/links')).status).toBe(403)
  })
})

describe('a table', () => {
  test('is what Accept: text/csv gets: the series, or the one group', async ({ edge }) => {
    const csv = async (query: string, accept = 'text/csv') => {
      const response = await edge.api('GET', `/links/1/stats?${query}`, undefined, { Accept: accept })
      return [response.headers.get('content-type'), await response.text()] as const
    }
    const range = 'from=2026-03-28&to=2026-03-29'
    const type = 'text/csv; charset=utf-8; header=present'
    expect(await csv(range)).toEqual([
      type,
      'at,hits,people,bots,visitors\r\n2026-03-28T00:00:00.000Z,2,1,1,1\r\n2026-03-29T00:00:00.000Z,2,2,0,2\r\n',
    ])
    expect(await csv(`${range}&groupBy=country`)).toEqual([type, 'country,people\r\nDE,2\r\nAT,1\r\n'])
    expect((await csv(`${range}&groupBy=country&groupBy=os`))[1]).toMatch(/^at,/)
    expect((await csv(range, 'application/json, text/csv;q=0.5'))[0]).toBe('application/json')
    expect((await csv('interval=x'))[0]).toBe('application/problem+json')
  })
})
