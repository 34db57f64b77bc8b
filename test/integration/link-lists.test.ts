import { describe, expect } from 'vitest'
import { PENDING_HITS } from '../../src/redis/scripts/pending-hits.ts'
import type { ApiLink } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
import { test as base } from '../support/linkr.ts'

interface Page {
  readonly data: readonly ApiLink[]
  readonly nextCursor: string | null
}

const test = base
  .override('settings', { DOMAINS: 'go.example.com' })
  .extend('page', ({ edge }) => async (query: string): Promise<Page> => {
    const response = await edge.api('GET', `/links?${query}`)
    expect(response.status).toBe(200)
    return (await response.json()) as Page
  })
  /** Every link of a list, page by page. */
  .extend('all', ({ page }) => async (query: string): Promise<ApiLink[]> => {
    const links: ApiLink[] = []
    let cursor = ''
    for (let pages = 0; pages < 100; pages++) {
      const { data, nextCursor } = await page(`${query}${cursor && `&cursor=${cursor}`}`)
      links.push(...data)
      if (nextCursor === null) return links
      cursor = encodeURIComponent(nextCursor)
    }
    throw new Error('the list does not end')
  })

test.beforeAll(async ({ stores }) => {
  // 60 links of one instant, so that only their ids tell them apart, and some of special kinds.
  await stores.sql(`
    INSERT INTO links (domain, code, url, title, tags, enabled, expires_at, created_at, updated_at)
    SELECT CASE WHEN i % 10 = 0 THEN 'go.example.com' ELSE '*' END, 'code' || i, 'https://example.com/page' || i,
      CASE WHEN i % 7 = 0 THEN 'Quarterly 50%_off ' || i END,
      CASE WHEN i % 6 = 0 THEN ARRAY['six', 'all'] WHEN i % 3 = 0 THEN ARRAY['three', 'all'] ELSE ARRAY['all'] END,
      i % 20 <> 0, CASE WHEN i % 15 = 0 THEN now() + (i - 31) * interval '1 day' END,
      timestamptz '2026-01-01 00:00:00.123456Z' + (i / 20) * interval '1 microsecond',
      timestamptz '2026-02-01Z' - i * interval '1 second'
    FROM generate_series(1, 60) AS i`)
  await stores.sql(`
    UPDATE link_hits SET hits = link_id % 5, bots = link_id % 5 / 2, baseline = CASE WHEN link_id % 9 = 0 THEN 100 ELSE 0 END
    WHERE link_id % 2 = 0`)
})

const numbers = (links: readonly ApiLink[]): number[] => links.map(({ code }) => Number(code.slice(4)))
const range = (isWanted: (i: number) => boolean): number[] =>
  Array.from({ length: 60 }, (_, i) => i + 1).filter(isWanted)
const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)

describe('a list of links', () => {
  test.for(['createdAt', 'updatedAt', 'hits', 'people'])(
    'shows each link once, page by page, by %s',
    async (sort, { all }) => {
      const descending = await all(`limit=7&sort=${sort}`)
      expect(ascending(numbers(descending))).toEqual(range(() => true))
      const upwards = await all(`limit=11&sort=${sort}&order=asc`)
      expect(upwards).toEqual(descending.toReversed())
      const keys = descending.map((link) =>
        typeof link[sort] === 'number' ? link[sort] : Date.parse(String(link[sort])),
      )
      expect(keys).toEqual(keys.toSorted((a, b) => b - a))
    },
  )

  test('shows people beside hits, which may be in another order', async ({ all, edge }) => {
    const byPeople = await all('limit=9&sort=people')
    // Hits that other tests let wait count as people.
    const bots = (id: number): number => (id % 2 === 0 ? Math.floor((id % 5) / 2) : 0)
    for (const { id, hits, people } of byPeople) expect(hits - Number(people)).toBe(bots(Number(id)))
    expect(byPeople.some(({ id }) => bots(Number(id)) > 0)).toBe(true)
    expect(byPeople.map(({ id }) => id)).not.toEqual((await all('limit=9&sort=hits')).map(({ id }) => id))
    const one = byPeople.find(({ hits, people }) => hits !== people)
    expect(await (await edge.api('GET', `/links/${one?.id}`)).json()).toMatchObject({ people: one?.people })
  })

  test('begins with the newest, 50 of them, when nothing is asked for', async ({ page }) => {
    const { data, nextCursor } = await page('')
    expect([data.length, data[0]?.code]).toEqual([50, 'code60'])
    expect(nextCursor).toEqual(expect.any(String))
  })

  test.for([
    ['domain=go.example.com', (i: number) => i % 10 === 0],
    ['domain=GO.example.com', (i: number) => i % 10 === 0],
    ['code=code33', (i: number) => i === 33],
    ['tag=six', (i: number) => i % 6 === 0],
    ['tag=three&tag=all', (i: number) => i % 3 === 0 && i % 6 !== 0],
    ['tag=three&tag=six', () => false],
    ['q=PAGE5', (i: number) => i === 5 || (i >= 50 && i < 60)],
    ['q=quarterly', (i: number) => i % 7 === 0],
    ['q=50%25_off', (i: number) => i % 7 === 0],
    ['q=5%25_', () => false],
    ['q=e4', (i: number) => i === 4 || (i >= 40 && i < 50)],
    ['q=%5C', () => false],
    ['q=code12https', () => false],
    ['enabled=false', (i: number) => i % 20 === 0],
    ['enabled=true', (i: number) => i % 20 !== 0],
    ['expired=true', (i: number) => i === 15 || i === 30],
    ['expired=false', (i: number) => i !== 15 && i !== 30],
    ['domain=*&tag=all&q=page&enabled=true&expired=false', (i: number) => i % 10 !== 0 && i !== 15],
    ['domain=elsewhere.example.com', () => false],
  ] as const)('filters by %s, in any order', async ([filter, isWanted], { all }) => {
    for (const sort of ['createdAt', 'updatedAt', 'hits', 'people']) {
      const found = await all(`${filter}&sort=${sort}&limit=3`)
      expect(ascending(numbers(found))).toEqual(range(isWanted))
    }
  })

  test('goes on where it was, whatever is created and deleted meanwhile', async ({ edge, page }) => {
    const first = await page('q=moving-target&limit=1')
    expect(first).toEqual({ data: [], nextCursor: null })
    const made = []
    for (let i = 0; i < 4; i++)
      made.push(await edge.create({ url: `https://example.com/moving-target-${i}` }))
    const { data, nextCursor } = await page('q=moving-target&limit=2')
    expect(data.map(({ id }) => id)).toEqual([made[3]?.id, made[2]?.id])
    await edge.api('DELETE', `/links/${made[2]?.id}`)
    const newer = await edge.create({ url: 'https://example.com/moving-target-new' })
    const rest = await page(`q=moving-target&limit=2&cursor=${nextCursor}`)
    expect(rest.data.map(({ id }) => id)).toEqual([made[1]?.id, made[0]?.id])
    for (const link of [made[3], made[1], made[0], newer]) await edge.api('DELETE', `/links/${link?.id}`)
  })

  test('costs one Postgres and one Redis round trip, and one more to count hits that are on their way', async ({
    stores,
    page,
  }) => {
    const oldest = 'limit=100&sort=createdAt&order=asc'
    const { redisFaults, postgresFaults } = stores
    const ask = async (): Promise<readonly [ApiLink | undefined, number, number]> => {
      redisFaults.resetCounts()
      postgresFaults.resetCounts()
      const [first] = (await page(oldest)).data
      return [first, redisFaults.requests, postgresFaults.requests]
    }
    await stores.redis('DEL', `${stores.keyPrefix}v1:hits:released`)
    // What the isolate does in the background may fall into one of them.
    await expect.poll(async () => (await ask()).slice(1)).toEqual([1, 1])
    const [before] = await ask()
    await stores.redis('HSET', `${stores.keyPrefix}v1:hits`, '#', 'waiting', `${before?.id}`, '7')
    const [after] = await ask()
    expect(after?.hits).toBe((before?.hits ?? 0) + 7)
    expect(after?.people).toBe(Number(before?.people) + 7)
    await expect.poll(async () => (await ask()).slice(1)).toEqual([1, 2])
    await stores.redis('DEL', `${stores.keyPrefix}v1:hits`)
  })

  test('never shows fewer hits because a flush came between its two reads', async ({
    stores,
    edge,
    page,
  }) => {
    const [first] = (await page('limit=1')).data
    await stores.redis('HSET', `${stores.keyPrefix}v1:hits`, '#', 'between', `${first?.id}`, '7')
    const release = stores.redisFaults.hold(runs(PENDING_HITS))
    const listing = page('limit=1')
    await expect.poll(() => stores.redisFaults.struck).toBe(1)
    await edge.flush()
    release()
    expect((await listing).data[0]?.hits).toBe((first?.hits ?? 0) + 7)
    stores.redisFaults.heal()
  })

  test('shows the hits that Postgres has while Redis is down', async ({ stores, page }) => {
    stores.redisFaults.inject({ kind: 'status', status: 500 })
    const { data } = await page('limit=5')
    stores.redisFaults.heal()
    expect(data).toHaveLength(5)
  })

  test.for([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=x', 'limit'],
    ['limit=5&limit=6', 'limit'],
    ['limit=1e1', 'limit'],
    ['sort=title', 'sort'],
    ['order=up', 'order'],
    ['enabled=yes', 'enabled'],
    ['expired=1', 'expired'],
    ['q=', 'q'],
    ['q=a%00b', 'q'],
    [`q=${'a'.repeat(257)}`, 'q'],
    ['tag=', 'tag.0'],
    ['tag=%F0%9F%92', 'tag.0'],
    ['colour=red', 'colour'],
    ['cursor=x', 'cursor'],
    ['cursor=bnVsbA', 'cursor'],
  ] as const)('refuses %s', async ([query, path], { edge }) => {
    const response = await edge.api('GET', `/links?${query}`)
    const problem = (await response.json()) as { errors?: { path: string }[] }
    if (query.includes('%F0')) return expect([200, 422]).toContain(response.status)
    expect([response.status, problem.errors?.[0]?.path]).toEqual([422, path])
  })

  test('refuses a cursor of another query', async ({ edge, page }) => {
    const { nextCursor } = await page('limit=2&tag=all')
    for (const query of ['limit=2', 'limit=2&tag=six', 'tag=all&order=asc', 'tag=all&sort=hits']) {
      const response = await edge.api('GET', `/links?${query}&cursor=${nextCursor}`)
      expect([response.status, await response.json()]).toMatchObject([422, { code: 'invalid_cursor' }])
    }
    expect((await page(`limit=9&tag=all&cursor=${nextCursor}`)).data).toHaveLength(9)
  })
})

describe('a look-up', () => {
  test('finds a link by its domain and code, or answers 404', async ({ edge }) => {
    const found = await edge.api('GET', '/links/lookup?domain=go.example.com&code=code10')
    expect([found.status, await found.json()]).toMatchObject([
      200,
      { code: 'code10', domain: 'go.example.com' },
    ])
    expect(found.headers.get('etag')).toMatch(/^"\d+"$/)
    for (const query of ['domain=*&code=code10', 'code=nope', 'domain=x&code=code11', 'code=code11/']) {
      expect((await edge.api('GET', `/links/lookup?${query}`)).status).toBe(404)
    }
    expect((await edge.api('GET', '/links/lookup?code=code11')).status).toBe(200)
    expect((await edge.api('GET', '/links/lookup')).status).toBe(422)
  })
})
