import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { DIMENSION_NAMES } from '../../src/visits/visit.ts'
import { problem, startFakeLinkr } from './support/fake-linkr.ts'
import { type CliOptions, runCli } from './support/run-cli.ts'

const linkr = await startFakeLinkr()
beforeEach(() => linkr.reset())
afterAll(() => linkr.close())

const cli = (...argv: string[]) => runCli(argv, { env: linkr.env })
const shown = async (argv: readonly string[], options: CliOptions = {}): Promise<string> => {
  const env = { ...linkr.env, NO_COLOR: '1', ...options.env }
  const { code, stdout, stderr } = await runCli(argv, { tty: true, ...options, env })
  expect([code, stderr.replace(/^\n.*/, '')]).toEqual([0, ''])
  return stdout
}

/** Answers `METHOD /path` from a table. */
function answer(table: Readonly<Record<string, readonly [number, unknown?]>>): void {
  linkr.route = ({ method, path }) => table[`${method} ${path}`]
}

interface Counts {
  readonly hits: number
  readonly people: number
  readonly bots: number
  readonly visitors: number | null
}

const counts = (people: number, bots = 0, visitors: number | null = people): Counts => ({
  ...{ hits: people + bots, people, bots, visitors },
})
const group = (values: Readonly<Record<string, number>>, other = 0) => ({
  ...{ from: '2026-03-01T00:00:00.000Z', to: '2026-03-04T00:00:00.000Z', other },
  values: Object.entries(values).map(([value, people]) => ({ value, people })),
})

const STATS = {
  ...{ from: '2026-03-01T00:00:00.000Z', to: '2026-03-03T12:15:00.000Z', timezone: 'UTC', interval: 'day' },
  approximateBefore: null,
  totals: { ...counts(1239, 20, 800), waiting: 5 },
  series: [
    { at: '2026-03-01T00:00:00.000Z', ...counts(234, 20, 100) },
    { at: '2026-03-02T00:00:00.000Z', ...counts(0) },
    { at: '2026-03-03T00:00:00.000Z', ...counts(1000, 0, 700) },
  ],
  groups: {
    country: group({ DE: 600, AT: 300, XX: 100, T1: 90, FR: 80, IT: 34 }, 30),
    referrer: group({ '': 1000, 'news.example': 234 }),
    browser: group({ '': 1000, Firefox: 234 }),
    device: group({ mobile: 1234 }),
  },
}
const EMPTY = {
  ...STATS,
  totals: { ...counts(0), waiting: 0 },
  series: STATS.series.map(({ at }) => ({ at, ...counts(0) })),
  groups: Object.fromEntries(Object.keys(STATS.groups).map((name) => [name, group({})])),
}
const LINK = {
  ...{ id: '7', domain: '*', code: 'promo', shortUrl: 'https://go.example/promo' },
  ...{ url: 'https://acme.example/', status: 302, enabled: true, expiresAt: null, forwardQuery: false },
  ...{ title: null, tags: [], hits: 3, people: 2, version: 5 },
  ...{ createdAt: '2026-01-02T03:04:05.000Z', updatedAt: '2026-01-02T03:04:05.000Z' },
}

describe('linkr stats', () => {
  test('draws totals, the days and bars of what most visitors have', async () => {
    answer({ 'GET /links/lookup': [200, LINK], 'GET /links/7/stats': [200, STATS] })
    expect(await shown(['stats', 'promo'], { columns: 60 })).toMatchInlineSnapshot(`
      "link      https://go.example/promo
      time      2026-03-01 00:00 to 2026-03-03 12:15 (UTC)
      hits      1,259
      people    1,239
      bots      20
      visitors  800
      waiting   5

      people each day
      ▃▁█
      most: 1,000 at 2026-03-03

      COUNTRY
      Germany       ████████████████████████████████    600   49 %
      Austria       ████████████████                    300   24 %
      unknown       █████▍                              100    8 %
      Tor           ████▊                                90    7 %
      France        ████▎                                80    6 %
      other         ███▍                                 64    5 %

      REFERRER
      direct        ████████████████████████████████  1,000   81 %
      news.example  ███████▌                            234   19 %

      BROWSER
      unknown       ████████████████████████████████  1,000   81 %
      Firefox       ███████▌                            234   19 %

      DEVICE
      mobile        ████████████████████████████████  1,234  100 %
      "
    `)
    expect(Object.fromEntries(linkr.requests[1]?.query ?? [])).toEqual({ interval: 'day', groupBy: 'device' })
    expect(linkr.requests[1]?.query.getAll('groupBy')).toEqual(['country', 'referrer', 'browser', 'device'])
  })

  test('is about everything, or a domain or tags, when no link is named', async () => {
    answer({ 'GET /stats': [200, STATS] })
    expect((await cli('stats', '--domain', 'go.example', '--tag', 'a', '--tag', 'b')).code).toBe(0)
    const { query } = linkr.requests[0] ?? {}
    expect([query?.get('domain'), query?.getAll('tag')]).toEqual(['go.example', ['a', 'b']])
  })

  test('asks for a range, a timezone, dimensions and filters', async () => {
    answer({ 'GET /stats': [200, STATS] })
    const range = ['--from', '2026-03-01', '--to', '2026-03-31T12:00:00+02:00', '--timezone', 'Asia/Kolkata']
    const filters = ['country=DE', 'country=AT', 'referrer=', 'utmSource=a=b', 'bot=false']
    const argv = ['stats', ...range, '--interval', 'hour', '--by', 'os', '--by', 'language']
    expect(await cli(...argv, ...filters.flatMap((filter) => ['--filter', filter]))).toMatchObject({
      code: 0,
    })
    expect([...(linkr.requests[0]?.query ?? [])]).toEqual([
      ['from', '2026-03-01'],
      ['to', '2026-03-31T10:00:00.000Z'],
      ['timezone', 'Asia/Kolkata'],
      ['country', 'DE'],
      ['country', 'AT'],
      ['referrer', ''],
      ['utmSource', 'a=b'],
      ['bot', 'false'],
      ['interval', 'hour'],
      ['groupBy', 'os'],
      ['groupBy', 'language'],
    ])
  })

  test.each([
    ['--from', '2026-02-30'],
    ['--from', '2026-03-01T12:00:00'],
    ['--to', 'tomorrow'],
    ['--by', 'city=Graz'],
    ['--filter', 'country'],
    ['--filter', 'groupBy=city'],
    ['--filter', '__proto__=x'],
    ['--filter', 'bot=maybe'],
    ['--interval', 'minute'],
    ['--top', '0'],
    ['--csv', '--json'],
  ])('%s %s is wrong usage, and nothing is asked', async (...options) => {
    expect((await cli('stats', ...options)).code).toBe(2)
    expect(linkr.requests).toEqual([])
  })

  test('a link with --tag is wrong usage', async () => {
    expect(await cli('stats', 'promo', '--tag', 'a')).toMatchObject({ code: 2, stdout: '' })
  })

  test('an id is not looked up, for which a key would need links:read', async () => {
    answer({ 'GET /links/7/stats': [200, STATS] })
    expect((await cli('stats', 'id:7')).stdout).toMatch(/^link\tid:7\n/)
    expect(linkr.requests).toHaveLength(1)
  })

  test('a pipe gets a line for each number, with the values as they are', async () => {
    answer({ 'GET /stats': [200, STATS] })
    expect((await cli('stats', '--by', 'country')).stdout.split('\n')).toEqual([
      'from\t2026-03-01T00:00:00.000Z',
      'to\t2026-03-03T12:15:00.000Z',
      'timezone\tUTC',
      'hits\t1259',
      'people\t1239',
      'bots\t20',
      'visitors\t800',
      'waiting\t5',
      'day\t2026-03-01T00:00:00.000Z\t254\t234\t20\t100',
      'day\t2026-03-02T00:00:00.000Z\t0\t0\t0\t0',
      'day\t2026-03-03T00:00:00.000Z\t1000\t1000\t0\t700',
      'country\tDE\t600',
      'country\tAT\t300',
      'country\tXX\t100',
      'country\tT1\t90',
      'country\tFR\t80',
      'country\tIT\t34',
      'country\t*\t30',
      '',
    ])
  })

  test('--json is the answer', async () => {
    const newer = { ...STATS, more: { than: 'known' } }
    answer({ 'GET /stats': [200, newer] })
    expect(JSON.parse((await cli('stats', '--json')).stdout)).toEqual(newer)
  })

  test('--csv is the series, a dimension, or several', async () => {
    answer({ 'GET /stats': [200, STATS] })
    expect((await cli('stats', '--csv')).stdout).toBe(
      [
        'at,hits,people,bots,visitors',
        '2026-03-01T00:00:00.000Z,254,234,20,100',
        '2026-03-02T00:00:00.000Z,0,0,0,0',
        '2026-03-03T00:00:00.000Z,1000,1000,0,700',
        '',
      ].join('\r\n'),
    )
    expect(linkr.requests[0]?.query.getAll('groupBy')).toEqual([])
    expect((await cli('stats', '--csv', '--by', 'referrer')).stdout).toBe(
      'referrer,people\r\n,1000\r\nnews.example,234\r\n',
    )
    const both = (await cli('stats', '--csv', '--by', 'device', '--by', 'country')).stdout
    expect(both).toMatch(/^dimension,value,people\r\ndevice,mobile,1234\r\ncountry,DE,600\r\n/)
    expect(both).toMatch(/country,\*,30\r\n$/)
  })

  test('says so when there are no hits', async () => {
    answer({ 'GET /stats': [200, EMPTY] })
    const { code, stdout, stderr } = await runCli(['stats'], { env: linkr.env, tty: true })
    expect([code, stderr]).toEqual([0, '\nNo hits in this time.\n'])
    expect(stdout).toContain('hits')
    expect((await cli('stats')).stdout).toContain('hits\t0\n')
  })

  test('hits that wait are shown where nothing else is known yet', async () => {
    answer({ 'GET /stats': [200, { ...EMPTY, totals: { ...counts(3, 0, 0), waiting: 3 } }] })
    const { stdout, stderr } = await runCli(['stats'], { env: linkr.env, tty: true })
    expect(stdout).toMatch(/waiting.*3\n$/)
    expect(stderr).toBe('\nMore is known once they are flushed.\n')
  })

  test('what is not known is not 0', async () => {
    const totals = { ...counts(1, 0, null), waiting: null }
    answer({ 'GET /stats': [200, { ...STATS, totals }] })
    expect(await shown(['stats'])).toMatch(/visitors\s+unknown\nwaiting\s+unknown\n/)
  })

  test('shows bots where there are no people', async () => {
    const series = [{ at: STATS.from, ...counts(0, 9) }]
    answer({ 'GET /stats': [200, { ...EMPTY, series, totals: { ...counts(0, 9), waiting: null } }] })
    expect(await shown(['stats', '--filter', 'bot=true'])).toContain('hits each day\n█\nmost: 9 ')
  })

  test('tells which days are counted as a whole, and where bars have other days', async () => {
    const from = '2025-02-15T00:00:00.000Z'
    const groups = { country: { ...group({ DE: 1 }), from: '2025-02-01T00:00:00.000Z' } }
    const approximateBefore = '2025-12-01T00:00:00.000Z'
    answer({ 'GET /stats': [200, { ...STATS, from, groups, approximateBefore }] })
    const { stdout, stderr } = await runCli(['stats'], { env: linkr.env, tty: true })
    expect(stdout).toContain('COUNTRY (2025-02-01 to 2026-03-03, UTC)')
    expect(stderr).toContain('Before 2025-12-01 00:00 only whole days of UTC are known.')
  })

  test('shows times as the clocks of the timezone do', async () => {
    const times = { from: '2026-03-28T23:00:00.000Z', to: '2026-03-30T22:00:00.000Z' }
    answer({ 'GET /stats': [200, { ...STATS, ...times, timezone: 'Europe/Berlin' }] })
    expect(await shown(['stats'])).toContain('2026-03-29 00:00 to 2026-03-31 00:00 (Europe/Berlin)')
  })

  test.each([10, 20, 40, 60, 80, 200])(
    'huge numbers and long names fit a terminal of %i columns',
    async (columns) => {
      const most = Number.MAX_SAFE_INTEGER
      const referrers = group({ [`${'日本'.repeat(30)}.example`]: most, b: 1, c: 0 }, most)
      const series = Array.from({ length: 2200 }, (_, i) => ({
        at: STATS.from,
        ...counts(i % 7 === 0 ? most : i),
      }))
      answer({ 'GET /stats': [200, { ...STATS, series, groups: { referrer: referrers } }] })
      const text = await shown(['stats', '--by', 'referrer'], { columns })
      const bars = text.split('REFERRER\n')[1]?.trimEnd().split('\n') ?? []
      expect(bars).toHaveLength(4)
      expect(bars[0]).toContain(most.toLocaleString('en'))
      const widest = Math.max(...bars.map((bar) => [...bar].length))
      // A number is never cut.
      expect(widest).toBeLessThanOrEqual(Math.max(columns, 4 + 2 + most.toLocaleString('en').length))
      const marks = text.split('\n').find((line) => /^[▁-█]+$/.test(line)) ?? ''
      expect(marks.length).toBeGreaterThan(columns / 2)
      expect(marks.length).toBeLessThanOrEqual(columns)
    },
  )

  test.each([{ TERM: 'dumb' }, { TERM: 'linux' }, { LC_ALL: 'C', LANG: 'de_AT.UTF-8' }, { LANG: 'de_AT' }])(
    'draws in ASCII with %o',
    async (env) => {
      answer({ 'GET /stats': [200, STATS] })
      const text = await shown(['stats'], { env })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the question is whether it is ASCII.
      expect(text).toMatch(/^[\x00-\x7f]*$/)
      expect(text).toMatch(/Germany +#{20,} +600 +49 %/)
    },
  )

  test('colours are for terminals without NO_COLOR', async () => {
    answer({ 'GET /stats': [200, STATS] })
    expect((await runCli(['stats'], { env: linkr.env, tty: true })).stdout).toContain('\x1b[36m█')
    expect(await shown(['stats'])).not.toContain('\x1b')
  })

  test.each([
    ['a count that is no number', { ...STATS, totals: { ...STATS.totals, hits: '7' } }],
    ['a negative count', { ...STATS, series: [{ at: STATS.from, ...counts(-1) }] }],
    ['a number that JSON cannot hold', JSON.stringify(STATS).replace('"people":600', '"people":1e999')],
    ['half a visitor', { ...STATS, totals: { ...STATS.totals, visitors: 0.5 } }],
    ['no groups', { ...STATS, groups: null }],
    ['nothing', ''],
  ])('%s is not how linkr responds', async (_, body) => {
    answer({ 'GET /stats': [200, body] })
    const { code, stdout, stderr } = await cli('stats')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain("not as linkr's API does")
  })

  test('a refusal is shown with its fields, as elsewhere', async () => {
    const errors = [
      { path: 'from', message: 'must be 2026-11-01 or later: "country" needs the log of visits' },
    ]
    const [status, body] = problem(422, 'invalid_request', 'The query cannot be accepted.')
    linkr.route = () => [status, { ...body, errors }]
    const { code, stderr } = await cli('stats', '--filter', 'country=DE')
    expect([code, stderr]).toEqual([
      1,
      'error: The query cannot be accepted.\n  from: must be 2026-11-01 or later: "country" needs the log of visits\n',
    ])
  })
})

describe('linkr stats misses', () => {
  const MISSES = {
    ...{ from: STATS.from, to: STATS.to },
    data: [
      { domain: '*', code: 'promoo', misses: 12 },
      { domain: 'go.example', code: '*', misses: 3 },
    ],
  }

  test('lists codes', async () => {
    answer({ 'GET /stats/misses': [200, MISSES] })
    expect((await cli('stats', 'misses', '--from', '2026-03-01', '--limit', '5')).stdout).toBe(
      'promoo\t*\t12\n*\tgo.example\t3\n',
    )
    expect(Object.fromEntries(linkr.requests[0]?.query ?? [])).toEqual({ from: '2026-03-01', limit: '5' })
    expect(await shown(['stats', 'misses'])).toMatch(/^CODE +DOMAIN +MISSES\npromoo .*\nother {2}/)
    expect(JSON.parse((await cli('stats', 'misses', '--json')).stdout)).toEqual(MISSES)
    expect((await cli('stats', 'misses', '--csv')).stdout).toBe(
      'domain,code,misses\r\n*,promoo,12\r\ngo.example,*,3\r\n',
    )
  })

  test('says so when there are none', async () => {
    answer({ 'GET /stats/misses': [200, { ...MISSES, data: [] }] })
    expect(await cli('stats', 'misses')).toEqual({ code: 0, stdout: '', stderr: 'No misses.\n' })
  })
})

describe('linkr stats purge', () => {
  const PURGED = { days: 3, hits: 40, visits: 38 }
  const argv = ['stats', 'purge', 'promo', '--before', '2026-03-01']
  const deletions = () => linkr.requests.filter(({ method }) => method === 'DELETE')
  beforeEach(() => answer({ 'GET /links/lookup': [200, LINK], 'DELETE /links/7/stats': [200, PURGED] }))

  test('asks, and forgets', async () => {
    const yes = await runCli(argv, { env: linkr.env, tty: true, keys: 'y' })
    expect(yes).toMatchObject({
      code: 0,
      stdout: '3 days with 40 hits forgotten, and 38 entries of the log\n',
    })
    expect(yes.stderr).toContain('Forget the visits to https://go.example/promo before 2026-03-01?')
    expect(deletions().map(({ query }) => [...query])).toEqual([[['before', '2026-03-01']]])
  })

  test('does nothing after a no, or without a terminal and --yes', async () => {
    expect((await runCli(argv, { env: linkr.env, tty: true, keys: 'n' })).code).toBe(1)
    expect(await cli(...argv)).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
    expect(deletions()).toEqual([])
    expect(JSON.parse((await cli(...argv, '--yes', '--json')).stdout)).toEqual(PURGED)
  })

  test.each([[[]], [['--before', '2026-03-01T00:00:00Z']], [['--before', '2026-13-01']]])(
    'wants to know the day: %o',
    async (options) => {
      expect((await cli('stats', 'purge', 'promo', '--yes', ...options)).code).toBe(2)
      expect(linkr.requests).toEqual([])
    },
  )
})

describe('linkr visits', () => {
  const visit = (i: number, values: object = {}) => ({
    ...Object.fromEntries(DIMENSION_NAMES.map((name) => [name, ''])),
    ...{ at: new Date(Date.UTC(2026, 2, 1) - i * 1000).toISOString(), visitor: 'k3x', bot: false },
    ...{ link: { id: '7', domain: '*', code: 'promo' }, country: 'DE', device: 'mobile', ...values },
  })

  /** `total` visits, each page as long as asked; the second one is empty. */
  function serve(total: number): void {
    linkr.route = ({ path, query }) => {
      if (path !== '/visits') return undefined
      const [start = 0, wasEmpty = 0] = (query.get('cursor') ?? '0.0').split('.').map(Number)
      if (start > 0 && wasEmpty === 0) return [200, { data: [], nextCursor: `${start}.1` }]
      const end = Math.min(total, start + Number(query.get('limit')))
      const data = Array.from({ length: end - start }, (_, i) => visit(start + i))
      return [200, { data, nextCursor: end < total ? `${end}.${wasEmpty}` : null }]
    }
  }

  test('follows the cursors, past empty pages, to the limit', async () => {
    serve(2500)
    const { code, stdout, stderr } = await cli('visits', '--limit', '2400')
    expect([code, stdout.trimEnd().split('\n').length]).toEqual([0, 2400])
    expect(stderr).toBe('There are more: --cursor 2400.1\n')
    expect(linkr.requests.map(({ query }) => query.get('limit'))).toEqual(['1000', '1000', '1000', '400'])
    const rest = await cli('visits', '--limit', '2400', '--cursor', '2400.1')
    expect([rest.stdout.trimEnd().split('\n').length, rest.stderr]).toEqual([100, ''])
  })

  test('as JSON is one document, and as CSV one table', async () => {
    serve(1500)
    const json = JSON.parse((await cli('visits', '--json', '--limit', '9999')).stdout)
    expect(json).toEqual({ data: Array.from({ length: 1500 }, (_, i) => visit(i)), nextCursor: null })
    expect(JSON.parse((await cli('visits', '--json', '--limit', '1')).stdout)).toEqual({
      ...{ data: [visit(0)], nextCursor: '1.0' },
    })
    const lines = (await cli('visits', '--csv', '--limit', '9999')).stdout.trimEnd().split('\r\n')
    expect(lines).toHaveLength(1501)
    expect(lines[0]).toBe(`at,link,domain,code,bot,visitor,${DIMENSION_NAMES.join(',')}`)
    expect(lines[1]).toBe(`2026-03-01T00:00:00.000Z,7,*,promo,false,k3x,DE,,mobile${','.repeat(12)}`)
  })

  test('CSV is safe for spreadsheets', async () => {
    answer({ 'GET /visits': [200, { data: [visit(0, { utmSource: '=cmd()' })], nextCursor: null }] })
    expect((await cli('visits', '--csv')).stdout).toContain(",'=cmd(),")
  })

  test('without any is an empty document, a header, or a note', async () => {
    serve(0)
    expect(await cli('visits')).toEqual({ code: 0, stdout: '', stderr: 'No visits.\n' })
    expect(JSON.parse((await cli('visits', '--json')).stdout)).toEqual({ data: [], nextCursor: null })
    expect((await cli('visits', '--csv')).stdout).toMatch(/^at,[^\n]*\r\n$/)
  })

  test('of a link, in a table that fits', async () => {
    const data = [
      visit(0, { referrer: 'news.example', browser: 'Firefox', os: '*' }),
      visit(1, { bot: true, visitor: null, country: 'US', device: '' }),
      visit(2, { visitor: null, link: { id: '7', domain: 'go.example', code: 'x' } }),
    ]
    answer({ 'GET /links/lookup': [200, LINK], 'GET /visits': [200, { data, nextCursor: null }] })
    expect(await shown(['visits', 'promo', '--timezone', 'Europe/Berlin'])).toMatchInlineSnapshot(`
      "TIME                 VISITOR  COUNTRY        REFERRER      BROWSER  OS       DEVICE
      2026-03-01 01:00:00  k3x      Germany        news.example  Firefox  other    mobile
      2026-03-01 00:59:59  bot      United States
      2026-03-01 00:59:58           Germany        direct        unknown  unknown  mobile
      "
    `)
    expect([...(linkr.requests[1]?.query ?? [])]).toEqual([
      ['timezone', 'Europe/Berlin'],
      ['link', '7'],
      ['limit', '20'],
    ])
    const narrow = await shown(['visits'], { columns: 70 })
    expect(narrow).toContain('go.example/x')
    expect(Math.max(...narrow.split('\n').map((line) => line.length))).toBeLessThanOrEqual(70)
  })

  test('ends with a server that sends the same page for ever', async () => {
    answer({ 'GET /visits': [200, { data: [], nextCursor: 'again' }] })
    const { code, stderr } = await cli('visits')
    expect([code, linkr.requests.length]).toEqual([1, 2])
    expect(stderr).toContain('the same page of visits again')
  })
})
