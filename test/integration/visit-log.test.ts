import { describe, expect } from 'vitest'
import { test as base } from '../support/linkr.ts'
import { insertVisits, type KnownVisit, threeLinks } from '../support/stats-rows.ts'

interface Visit {
  readonly at: string
  readonly link: { readonly id: string; readonly domain: string; readonly code: string }
  readonly bot: boolean
  readonly visitor: string | null
  readonly [dimension: string]: unknown
}
interface Page {
  readonly data: readonly Visit[]
  readonly nextCursor: string | null
}
interface Stats {
  readonly totals: Readonly<Record<'hits' | 'people' | 'bots' | 'visitors' | 'waiting', number | null>>
  readonly series: readonly { readonly people: number; readonly visitors: number }[]
  readonly groups: Readonly<Record<string, { readonly values: readonly object[]; readonly other: number }>>
}

const HOST = 'go.example.com'
const DAY_MS = 24 * 60 * 60 * 1_000
/** The log keeps the last days only, so visits are as many days ago; at a time of that UTC day. */
const ago = (days: number, time: string): string =>
  `${new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)}T${time}Z`

const DE = {
  country: 'DE',
  device: 'mobile',
  referrer: 'news.example',
  browser: 'Firefox',
  utmSource: 'mail',
}
const AT = { country: 'AT', device: 'desktop', browser: 'Chrome', referrer: '=cmd()' }

const test = base
  .override('settings', { DOMAINS: HOST, VISIT_LOG_DAYS: '20' })
  .extend('known', { scope: 'file' }, async ({ stores }): Promise<readonly KnownVisit[]> => {
    await stores.sql(threeLinks(HOST))
    const visits: readonly KnownVisit[] = [
      { link: '1', at: ago(9, '10:00:00'), visitor: 7, values: DE },
      { link: '1', at: ago(9, '23:59:59'), visitor: 7, values: DE },
      { link: '1', at: ago(8, '00:00:00'), visitor: 7, values: DE },
      { link: '1', at: ago(8, '00:00:00'), visitor: -1, values: AT },
      { link: '2', at: ago(8, '00:00:00'), visitor: -1, values: AT },
      { link: '1', at: ago(7, '12:00:00'), isBot: true },
      {
        link: '3',
        domain: HOST,
        at: ago(6, '12:00:00'),
        values: { country: 'IN', city: 'Pune "west", \u{1F600}' },
      },
      { link: '3', domain: HOST, at: ago(6, '12:00:01'), isBot: true, visitor: 99 },
      { link: '3', domain: HOST, at: ago(6, '12:00:01'), visitor: 5, values: DE },
    ]
    await insertVisits(stores, visits)
    return visits
  })
  .extend('page', ({ edge, known }) => async (query: string): Promise<Page> => {
    expect(known.length).toBe(9)
    const response = await edge.api('GET', `/visits?${query}`)
    expect([response.status, response.status === 200 ? '' : await response.text()]).toEqual([200, ''])
    return (await response.json()) as Page
  })
  .extend('stats', ({ edge, known }) => async (path: string): Promise<Stats> => {
    expect(known.length).toBe(9)
    const response = await edge.api('GET', path)
    expect(response.status).toBe(200)
    return (await response.json()) as Stats
  })

describe('filtered statistics', () => {
  test.for([
    ['country=DE', 4, 0],
    ['country=DE&country=IN', 5, 0],
    ['country=XX', 0, 2],
    ['country=DE&device=desktop', 0, 0],
    ['referrer=', 1, 0],
    ['bot=false', 7, 0],
    ['bot=true', 0, 2],
    ['bot=false&utmSource=mail', 4, 0],
    ['bot=true&utmSource=', 0, 0],
    ['country=AT&domain=*', 2, 0],
    ['country=AT&tag=spring', 1, 0],
    ['country=AT&link=2', 1, 0],
    [`bot=false&domain=${HOST}`, 2, 0],
  ] as const)('are what the log has of %s', async ([filter, people, bots], { stats }) => {
    const { totals } = await stats(`/stats?from=${ago(12, '00:00:00')}&${filter}`)
    expect([totals.people, totals.bots, totals.hits]).toEqual([people, bots, people + bots])
  })

  test('have visitors of each day once, the same points, and groups', async ({ stats }) => {
    const [from, to] = [ago(10, '00:00:00').slice(0, 10), ago(8, '00:00:00').slice(0, 10)]
    const { totals, series, groups } = await stats(
      `/stats?from=${from}&to=${to}&country=DE&country=AT&groupBy=country&groupBy=qr`,
    )
    expect(series.map(({ people, visitors }) => [people, visitors])).toEqual([
      [0, 0],
      [2, 1],
      [3, 2],
    ])
    expect(totals).toEqual({ hits: 5, people: 5, bots: 0, visitors: 3, waiting: 0 })
    expect(groups.country?.values).toEqual([
      { value: 'DE', people: 3 },
      { value: 'AT', people: 2 },
    ])
    expect(groups.qr).toMatchObject({ values: [{ value: '', people: 5 }], other: 0 })
  })

  test('say from when on there is a log, and that there is none', async ({ edge, startEdge }) => {
    const early = await edge.api('GET', `/stats?bot=false&from=${ago(21, '00:00:00')}`)
    const { errors } = (await early.json()) as { errors: { path: string; message: string }[] }
    expect([early.status, errors[0]?.path]).toEqual([422, 'from'])
    const [earliest = ''] = /\d{4}-\S+Z/.exec(errors[0]?.message ?? '') ?? []
    // A quarter of an hour may begin in between.
    const later = new Date(Date.parse(earliest) + 15 * 60_000).toISOString()
    expect((await edge.api('GET', `/stats?bot=false&from=${later}`)).status).toBe(200)
    const without = await startEdge({ VISIT_LOG_DAYS: '0' })
    const refused = await without.api('GET', '/stats?browser=Firefox')
    expect([refused.status, await refused.json()]).toMatchObject([
      422,
      { errors: [{ path: 'browser', message: expect.stringContaining('VISIT_LOG_DAYS') }] },
    ])
    expect((await without.api('GET', '/stats')).status).toBe(200)
  })
})

describe('the log', () => {
  test('lists visits newest first, page by page, each once', async ({ page, known }) => {
    const seen: Visit[] = []
    let cursor = ''
    for (let pages = 0; pages < 10; pages++) {
      const { data, nextCursor } = await page(`limit=2${cursor}`)
      expect(data.length).toBeLessThanOrEqual(2)
      seen.push(...data)
      if (nextCursor === null) break
      cursor = `&cursor=${nextCursor}`
    }
    const times = known.map(({ at }) => at.replace('Z', '.000Z'))
    expect(seen.map(({ at }) => at)).toEqual(times.sort().reverse())
    expect(new Set(seen.map((visit) => JSON.stringify(visit))).size).toBe(9)
  })

  test('shows what is known of a visit, and a visitor as a short text', async ({ page }) => {
    const { data } = await page('link=3')
    expect(data.map(({ bot }) => bot).sort()).toEqual([false, false, true])
    expect(data.find(({ visitor }) => visitor === '5')).toEqual({
      at: ago(6, '12:00:01').replace('Z', '.000Z'),
      link: { id: '3', domain: HOST, code: 'three' },
      ...{
        bot: false,
        visitor: '5',
        ...DE,
        os: '',
        language: '',
        variant: '',
        utmMedium: '',
        utmCampaign: '',
      },
      ...{ qr: '', continent: '', region: '', city: '', asn: '' },
    })
    const [negative] = (await page('link=2')).data
    expect(negative?.visitor).toMatch(/^[0-9a-z]{1,7}$/)
  })

  test.for([
    ['', 9],
    ['link=1', 5],
    ['tag=spring', 8],
    ['tag=spring&tag=all&bot=true', 2],
    ['domain=*', 6],
    [`domain=${HOST}&country=DE`, 1],
    ['country=DE&country=AT', 6],
    ['link=999', 0],
    ['link=1&domain=go.example.com', 0],
  ] as const)('is filtered by %s', async ([query, count], { page }) => {
    const { data, nextCursor } = await page(query)
    expect([data.length, nextCursor]).toEqual([count, null])
    let cursor = ''
    let sum = 0
    for (let pages = 0; pages < 10; pages++) {
      const part = await page(`limit=1&${query}${cursor}`)
      sum += part.data.length
      if (part.nextCursor === null) break
      cursor = `&cursor=${part.nextCursor}`
    }
    expect(sum).toBe(count)
  })

  test('is cut by a range', async ({ page }) => {
    const day = ago(8, '00:00:00').slice(0, 10)
    expect((await page(`from=${day}&to=${day}`)).data).toHaveLength(3)
    expect(
      (await page(`from=${day}&to=${ago(8, '00:00:00')}`.replace(day, ago(9, '').slice(0, 10)))).data,
    ).toHaveLength(2)
  })

  test('refuses cursors of other queries and of other lists', async ({ edge, page }) => {
    const { nextCursor } = await page('limit=1&country=DE')
    const links = await edge.api('GET', '/links?limit=1')
    const { nextCursor: ofLinks } = (await links.json()) as Page
    for (const query of ['', 'country=AT&', 'country=DE&bot=false&', 'country=DE&from=2026-01-01&']) {
      const refused = await edge.api('GET', `/visits?${query}cursor=${nextCursor}`)
      expect([refused.status, await refused.json()]).toMatchObject([422, { code: 'invalid_cursor' }])
    }
    expect((await edge.api('GET', `/visits?cursor=${ofLinks}`)).status).toBe(422)
    expect((await edge.api('GET', '/visits?limit=1001')).status).toBe(422)
  })

  test('is a table too, whose cells no spreadsheet takes for formulas', async ({ edge, page }) => {
    await page('')
    const csv = await edge.api('GET', '/visits?limit=3&link=1', undefined, { Accept: 'text/csv' })
    const text = await csv.text()
    expect(text.split('\r\n')[0]).toMatch(/^at,link,domain,code,bot,visitor,country,referrer,/)
    expect(text.split('\r\n')).toHaveLength(5)
    expect(text).toContain(",AT,'=cmd(),desktop,")
    const [, next = ''] = /^<(.+)>; rel="next"$/.exec(csv.headers.get('link') ?? '') ?? []
    const { pathname, search } = new URL(next)
    const rest = await edge.api('GET', `${pathname.slice('/api'.length)}${search}`, undefined, {
      Accept: 'text/csv',
    })
    expect([(await rest.text()).split('\r\n').length, rest.headers.get('link')]).toEqual([4, null])
    const quoted = await edge.api('GET', '/visits?country=IN', undefined, { Accept: 'text/csv' })
    expect(await quoted.text()).toContain(',"Pune ""west"", \u{1F600}",')
  })
})

describe('misses', () => {
  test('are the codes that were tried most, of the domains that the caller sees', async ({
    stores,
    edge,
  }) => {
    const [day, before] = [ago(3, '').slice(0, 10), ago(4, '').slice(0, 10)]
    await stores.sql(
      `INSERT INTO misses (domain, day, code, misses) VALUES ('*', $1, 'a', 3), ('*', $2, 'a', 4), ('*', $1, '*', 5),
        ('${HOST}', $1, 'a', 1), ('${HOST}', $1, '=b', 2), ('*', '2001-01-01', 'old', 9)`,
      [day, before],
    )
    const list = async (query: string, headers = {}) =>
      (await (await edge.api('GET', `/stats/misses?${query}`, undefined, headers)).json()) as {
        from: string
        data: { domain: string; code: string; misses: number }[]
      }
    const cells = ({ data }: Awaited<ReturnType<typeof list>>) =>
      data.map(({ domain, code, misses }) => [domain, code, misses])
    expect(cells(await list('limit=3'))).toEqual([
      ['*', 'a', 7],
      ['*', '*', 5],
      [HOST, '=b', 2],
    ])
    expect(cells(await list(`domain=*&from=${day}&to=${day}`))).toEqual([
      ['*', '*', 5],
      ['*', 'a', 3],
    ])
    const made = await edge.api('POST', '/keys', { name: 'a', scopes: ['stats:read'], domains: [HOST] })
    const { key } = (await made.json()) as { key: string }
    expect(cells(await list('', { Authorization: `Bearer ${key}` }))).toEqual([
      [HOST, '=b', 2],
      [HOST, 'a', 1],
    ])
    const csv = await edge.api('GET', `/stats/misses?domain=${HOST}`, undefined, { Accept: 'text/csv' })
    expect(await csv.text()).toBe(`domain,code,misses\r\n${HOST},'=b,2\r\n${HOST},a,1\r\n`)
  })
})

describe('hits that wait in Redis', () => {
  test('are in totals that reach now, until they are applied', async ({ stores, stats }) => {
    const open = `${stores.keyPrefix}v1:hits`
    await stores.redis('HSET', open, '#', 'open-segment', '1', '5', '3', '2', '999', '4', 'junk', 'x')
    await stores.redis('RPUSH', `${open}:sealed`, 'sealed-segment')
    await stores.redis('HSET', `${open}:sealed:sealed-segment`, '1', '10', '2', '20', '+', '30')
    const waiting = async (path: string) => (await stats(path)).totals.waiting
    expect(await waiting('/links/1/stats')).toBe(15)
    expect(await waiting('/stats?link=1&tag=spring')).toBe(15)
    expect(await waiting('/stats?tag=spring')).toBe(17)
    expect(await waiting('/stats?domain=*')).toBe(35)
    expect(await waiting(`/stats?domain=${HOST}`)).toBe(2)
    expect(await waiting('/stats')).toBe(41)
    const { totals } = await stats('/links/1/stats')
    expect([totals.hits, totals.people, totals.bots]).toEqual([20, 19, 1])
    expect(await waiting(`/links/1/stats?to=${ago(1, '').slice(0, 10)}`)).toBe(0)
    expect(await waiting(`/links/1/stats?bot=false&from=${ago(9, '00:00:00')}`)).toBeNull()
    await stores.sql("INSERT INTO applied_hits (id, hits) VALUES ('sealed-segment', 30)")
    expect(await waiting('/links/1/stats')).toBe(5)
    expect(await waiting('/stats?tag=spring')).toBe(7)
    expect(await waiting('/stats')).toBe(11)
    await stores.emptyRedis()
  })

  test('are not known while Redis is down, and all else is', async ({ stores, stats }) => {
    stores.redisFaults.inject({ kind: 'status', status: 500 })
    for (const path of ['/links/1/stats', '/stats', '/stats?tag=all', '/stats?domain=*']) {
      const { totals } = await stats(path)
      expect([totals.waiting, (totals.hits ?? 0) >= 5]).toEqual([null, true])
    }
    stores.heal()
  })

  test('are read in one round trip each to Redis and Postgres, whatever is asked', async ({
    stores,
    edge,
    stats,
  }) => {
    const { redisFaults, postgresFaults } = stores
    const all = 'groupBy=country&groupBy=qr&timezone=Asia/Kolkata'
    // Wakes what the first request opens.
    await stats('/stats')
    await expect.poll(async () => (await edge.health()).redis.breaker).toBe('closed')
    for (const path of [
      `/links/1/stats?${all}`,
      `/stats?${all}`,
      `/stats?tag=all&${all}`,
      '/stats?domain=*',
    ]) {
      redisFaults.resetCounts()
      postgresFaults.resetCounts()
      await stats(path)
      expect([redisFaults.requests, postgresFaults.requests]).toEqual([1, 1])
    }
  })
})

describe('a purge', () => {
  test('forgets the visits to a link before a day, for keys that may write there', async ({
    stores,
    edge,
    stats,
  }) => {
    const [link] = await stores.sql<{ id: string }>(
      "INSERT INTO links (domain, code, url) VALUES ('*', 'purged', 'https://example.com/') RETURNING id",
    )
    const id = link?.id ?? ''
    await stores.sql(
      "INSERT INTO link_days (link_id, day, hits) VALUES ($1, '2026-01-01', 3), ($1, '2026-01-02', 4)",
      [id],
    )
    await stores.sql('UPDATE link_hits SET hits = 7 WHERE link_id = $1', [id])
    const made = await edge.api('POST', '/keys', { name: 'a', scopes: ['links:write'], domains: [HOST] })
    const { key } = (await made.json()) as { key: string }
    const purge = (before: string, headers = {}) =>
      edge.api('DELETE', `/links/${id}/stats?before=${before}`, undefined, headers)
    expect((await purge('2026-01-02', { Authorization: `Bearer ${key}` })).status).toBe(404)
    for (const before of ['2026-02-30', 'now', '', '2026-01-02T00:00:00Z'])
      expect((await purge(before)).status).toBe(422)
    const done = await purge('2026-01-02')
    expect([done.status, await done.json()]).toEqual([200, { days: 1, hits: 3, visits: 0 }])
    expect((await stats(`/links/${id}/stats?from=2026-01-01&to=2026-01-02`)).totals.hits).toBe(4)
    expect((await edge.api('DELETE', '/links/999/stats?before=2026-01-01')).status).toBe(404)
  })
})
