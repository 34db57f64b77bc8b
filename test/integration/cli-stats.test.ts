import { describe, expect } from 'vitest'
import { runCli } from '../cli/support/run-cli.ts'
import { test as base, cliEnv } from '../support/cli-test.ts'
import { insertVisits } from '../support/stats-rows.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Noon of a day that the visit log has. */
const noon = (daysAgo: number): string =>
  `${new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10)}T12:00:00.000Z`
const day = (daysAgo: number): string => noon(daysAgo).slice(0, 10)

const HOST = 'go.example.com'
const DE = {
  country: 'DE',
  device: 'mobile',
  referrer: 'news.example',
  browser: 'Firefox',
  utmSource: '=1+1',
}

const test = base
  .override('settings', { DOMAINS: HOST })
  .extend('visits', { scope: 'file' }, async ({ stores }) => {
    await stores.sql(
      `INSERT INTO links (domain, code, url, tags) VALUES ('*', 'one', 'https://example.com/1', '{spring}'),
        ('${HOST}', 'two', 'https://example.com/2', '{}'), ('*', 'old', 'https://example.com/3', '{}')`,
    )
    await insertVisits(stores, [
      { link: '1', at: noon(20), visitor: 1, values: DE },
      { link: '1', at: noon(2), visitor: 1, values: DE },
      { link: '1', at: noon(2), visitor: 2, values: { country: 'AT', device: 'desktop' } },
      { link: '1', at: noon(1), isBot: true },
      { link: '2', domain: HOST, at: noon(1), visitor: 3, values: { country: 'AT' } },
      { link: '3', at: noon(40), isBot: true },
      { link: '3', at: noon(39), isBot: true },
    ])
    await stores.sql(
      `INSERT INTO link_hits (link_id, hits, bots) VALUES (1, 4, 1), (2, 1, 0), (3, 2, 2)
       ON CONFLICT (link_id) DO UPDATE SET hits = excluded.hits, bots = excluded.bots`,
    )
    await stores.sql(`INSERT INTO misses (domain, day, code, misses) VALUES ('*', $1, 'oen', 7)`, [day(1)])
  })

describe('statistics by the CLI against the real API', () => {
  test('count the visits of a link by its code, its short URL and its id, and of all', async ({
    visits: _,
    edge,
    cli,
  }) => {
    const of = async (...argv: string[]) =>
      (await cli('stats', '--by', 'country', ...argv)).stdout.split('\n')
    for (const name of [['one', '--domain', '*'], [`${edge.url}/one`], ['id:1']]) {
      const lines = await of(...name)
      expect(lines).toEqual(
        expect.arrayContaining([
          'hits\t4',
          'people\t3',
          'bots\t1',
          'visitors\t3',
          'waiting\t0',
          'country\tDE\t2',
        ]),
      )
      expect(lines).toContain(`day\t${day(2)}T00:00:00.000Z\t2\t2\t0\t2`)
    }
    expect(await of()).toContain('country\tAT\t2')
    expect(await of('--domain', HOST)).toEqual(expect.arrayContaining(['hits\t1', 'country\tAT\t1']))
    expect(await of('--tag', 'spring')).toContain('hits\t4')
    expect(await of('--filter', 'country=DE', '--from', day(3))).toEqual(
      expect.arrayContaining(['hits\t1', 'people\t1', 'country\tDE\t1']),
    )
    expect(await of('id:1', '--from', day(2), '--to', day(2), '--interval', 'hour')).toContain(
      `hour\t${noon(2)}\t2\t2\t0\t`,
    )
  })

  test('CSV is the same as that of the API', async ({ visits: _, edge, cli }) => {
    const csv = async (path: string): Promise<string> =>
      (await edge.api('GET', path, undefined, { Accept: 'text/csv' })).text()
    const range = ['--from', day(25), '--to', day(1)]
    const query = `from=${day(25)}&to=${day(1)}`
    expect((await cli('stats', '--csv', ...range)).stdout).toBe(await csv(`/stats?${query}`))
    expect((await cli('stats', 'id:1', '--csv', '--by', 'utmSource', ...range)).stdout).toBe(
      await csv(`/links/1/stats?groupBy=utmSource&${query}`),
    )
    const log = (await cli('visits', '--csv', ...range)).stdout
    expect(log).toBe(await csv(`/visits?${query}`))
    expect(log.split('\r\n')).toHaveLength(7)
    expect((await cli('stats', 'misses', '--csv', ...range)).stdout).toBe(await csv(`/stats/misses?${query}`))
  })

  test('the log goes on where its last page ended', async ({ visits: _, cli }) => {
    const all = JSON.parse((await cli('visits', '--json')).stdout)
    expect(all).toMatchObject({ data: { length: 5 }, nextCursor: null })
    const first = JSON.parse((await cli('visits', '--json', '--limit', '2')).stdout)
    const rest = JSON.parse((await cli('visits', '--json', '--cursor', first.nextCursor)).stdout)
    expect([...first.data, ...rest.data]).toEqual(all.data)
    expect((await cli('visits', 'one', '--domain', '*', '--filter', 'bot=true')).stdout).toMatch(
      /^[^\n]*\tbot\t[^\n]*\n$/,
    )
  })

  test('what the API refuses is told with the reason', async ({ visits: _, cli }) => {
    const refused = async (...argv: string[]): Promise<string> => {
      const { code, stderr } = await cli(...argv)
      expect(code).toBe(1)
      return stderr
    }
    expect(await refused('stats', '--timezone', 'Mars/Base')).toContain(
      'timezone: must be a name of the IANA',
    )
    expect(await refused('stats', '--filter', 'country=DE', '--from', day(60))).toContain(
      'needs the log of visits',
    )
    expect(await refused('stats', '--from', day(1), '--to', day(2))).toContain('from: must be before "to"')
    expect(await refused('stats', 'nothing')).toMatch(/^error: /)
    expect(await refused('stats', 'id:99')).toMatch(/^error: /)
  })

  test('a key that may read statistics only asks by id', async ({ visits: _, edge, cli }) => {
    const key = (await cli('keys', 'create', 'dashboard', '--scope', 'stats:read')).stdout.trim()
    const run = (...argv: string[]) => runCli(argv, { env: cliEnv(edge, key) })
    expect((await run('stats', 'id:1')).stdout).toContain('people\t3\n')
    expect(await run('stats', 'one', '--domain', '*')).toMatchObject({ code: 1 })
  })

  test('lists show people, and can be sorted by them', async ({ visits: _, cli }) => {
    const list = (await cli('links', 'list', '--sort', 'people')).stdout.split('\n')
    expect(list[0]).toContain('/one\thttps://example.com/1\t4\t3\tactive\t')
    expect(list[1]).toContain('/two\thttps://example.com/2\t1\t1\tactive\t')
    expect(list[2]).toContain('/old\thttps://example.com/3\t2\t0\tactive\t')
  })

  test('a purge forgets the days before, and keeps the total', async ({ visits: _, cli }) => {
    const all = async () => (await cli('stats', 'id:3', '--from', day(50))).stdout
    expect(await all()).toContain('hits\t2\npeople\t0\nbots\t2\n')
    const purge = await cli('stats', 'purge', 'old', '--domain', '*', '--before', day(39), '--yes', '--json')
    expect(JSON.parse(purge.stdout)).toEqual({ days: 1, hits: 1, visits: 1 })
    expect(await all()).toContain('hits\t1\npeople\t0\nbots\t1\n')
    expect((await cli('links', 'get', 'id:3')).stdout).toContain('hits\t2\npeople\t0\n')
  })
})
