import { describe, expect } from 'vitest'
import { FILL } from '../../src/redis/scripts/registers.ts'
import { runs } from '../support/faults.ts'
import { test } from '../support/linkr.ts'

test.override('settings', { DOMAINS: 'go.example.com' })

describe('a redirect', () => {
  test.for([
    [301, 'private, max-age=60'],
    [302, 'private, no-store'],
    [307, 'private, no-store'],
    [308, 'private, max-age=60'],
  ] as const)('answers %i with its Cache-Control and no body', async ([status, cacheControl], { edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/a?b=c#d', status })
    const response = await edge.get(`/${code}`)
    expect(response.status).toBe(status)
    expect(response.headers.get('location')).toBe('https://example.com/a?b=c#d')
    expect(response.headers.get('cache-control')).toBe(cacheControl)
    expect(await response.text()).toBe('')
  })

  test('counts a GET once, a HEAD and a prefetch not at all', async ({ edge }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    expect((await edge.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
    expect((await edge.get(`/${code}`, { headers: { 'Sec-Purpose': 'prefetch;prerender' } })).status).toBe(
      302,
    )
    expect((await edge.get(`/${code}`)).status).toBe(302)
    await expect.poll(() => edge.hitsOf(id)).toBe(1)
    await edge.cron()
    expect(await edge.hitsOf(id)).toBe(1)
  })

  test('finds codes with slashes and percent-encoded ones', async ({ edge }) => {
    await edge.create({ url: 'https://example.com/sale', code: 'spring/sale-2030' })
    for (const path of ['/spring/sale-2030', '/spring%2Fsale%2D2030']) {
      expect((await edge.get(path)).headers.get('location')).toBe('https://example.com/sale')
    }
    expect((await edge.get('/Spring/sale-2030')).status).toBe(404)
  })

  test('forwards the query only where the link says so', async ({ edge }) => {
    const forwarding = await edge.create({ url: 'https://example.com/?x=1#top', forwardQuery: true })
    const plain = await edge.create({ url: 'https://example.com/?x=1#top' })
    const location = async (path: string) => (await edge.get(path)).headers.get('location')
    expect(await location(`/${forwarding.code}?utm_source=a%20b`)).toBe(
      'https://example.com/?x=1&utm_source=a%20b#top',
    )
    expect(await location(`/${plain.code}?utm_source=a`)).toBe('https://example.com/?x=1#top')
  })

  test('keeps the namespace of a listed host apart from that of all others', async ({ edge }) => {
    const listed = await edge.create({
      url: 'https://example.com/listed',
      code: 'both',
      domain: 'go.example.com',
    })
    await edge.create({ url: 'https://example.com/others', code: 'both' })
    expect(listed.shortUrl).toBe('https://go.example.com/both')
    const at = async (host: string) => (await edge.getAt(host, '/both')).headers.get('location')
    expect(await at('go.example.com')).toBe('https://example.com/listed')
    expect(await at('other.example.com')).toBe('https://example.com/others')
  })

  test('finds a listed host with a trailing dot, in capitals and with a port in its own namespace', async ({
    edge,
  }) => {
    await edge.create({ url: 'https://example.com/listed', code: 'dot', domain: 'go.example.com' })
    for (const host of ['go.example.com.', 'GO.example.com', 'go.example.com.:8787']) {
      expect((await edge.getAt(host, '/dot')).headers.get('location')).toBe('https://example.com/listed')
    }
  })

  test('that leads to itself is answered with 404, in memory or not', async ({ edge }) => {
    // Its host was not linkr's when it was made.
    await edge.create({ url: 'https://later.example.com/again?x=1', code: 'again', forwardQuery: true })
    for (let i = 0; i < 3; i++) {
      expect((await edge.getAt('later.example.com', '/again?y')).status).toBe(404)
      expect((await edge.getAt('other.example.com', '/again')).status).toBe(302)
    }
  })

  test.for([
    'https://go.example.com./x',
    'https://GO.example.com:8443/x',
    'https://with-settings.example.com/x',
  ])('cannot lead to %s: linkr answers there', async (url, { edge }) => {
    expect((await edge.api('PUT', '/domains/with-settings.example.com', {})).status).toBe(200)
    const refused = await edge.api('POST', '/links', { url })
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('of this linkr')])
  })

  test('goes on serving a link until the moment it expires, then answers 410', async ({ edge }) => {
    const { id, code } = await edge.create({
      url: 'https://example.com/',
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    })
    expect((await edge.get(`/${code}`)).status).toBe(302)
    await edge.api('PATCH', `/links/${id}`, { expiresAt: new Date(Date.now() + 500).toISOString() })
    await expect.poll(async () => (await edge.get(`/${code}`)).status).toBe(410)
  })

  test('answers 404 for a disabled link, and serves it again when it is enabled', async ({ edge }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/', enabled: false })
    const disabled = await edge.get(`/${code}`)
    expect(disabled.status).toBe(404)
    expect(disabled.headers.get('cache-control')).toBe('no-store')
    await edge.api('PATCH', `/links/${id}`, { enabled: true })
    expect((await edge.get(`/${code}`)).status).toBe(302)
  })

  test('accepts other methods at 307 and 308 only, and says so', async ({ edge }) => {
    const found = await edge.create({ url: 'https://example.com/' })
    const temporary = await edge.create({ url: 'https://example.com/', status: 307 })
    const refused = await edge.get(`/${found.code}`, { method: 'POST', body: 'x' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await edge.get(`/${temporary.code}`, { method: 'POST', body: 'x' })).status).toBe(307)
  })
})

describe('what no link can be', () => {
  test.for([
    '/%',
    '/%zz',
    '/%00',
    '/a%0Ab',
    '/a//b',
    '/caf%C3%A9',
    `/${'a'.repeat(129)}`,
    '/favicon.ico',
    '/.well-known/x',
    '/cdn-cgi/x',
  ])('is answered without asking a store: %s', async (path, { stores, edge }) => {
    // Hits of other tests are on their way no longer.
    await expect.poll(async () => (await edge.health()).hits.isolate.waitingLinks).toBe(0)
    stores.redisFaults.resetCounts()
    stores.postgresFaults.resetCounts()
    const response = await edge.get(path)
    expect(response.status).toBe(404)
    expect(await response.text()).toBe('There is no such short link.\n')
    expect([stores.redisFaults.requests, stores.postgresFaults.requests]).toEqual([0, 0])
  })

  test('/health answers without asking a store', async ({ stores, edge }) => {
    await expect.poll(async () => (await edge.health()).hits.isolate.waitingLinks).toBe(0)
    stores.redisFaults.resetCounts()
    expect((await edge.get('/health')).status).toBe(200)
    expect(stores.redisFaults.requests).toBe(0)
  })
})

describe('the cache', () => {
  test('is asked once for a link it has, by a plain GET, and Postgres not at all', async ({
    stores,
    edge,
    startEdge,
  }) => {
    const elsewhere = await startEdge()
    const { code } = await edge.create({ url: 'https://example.com/' })
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await expect.poll(async () => (await edge.health()).hits.isolate.waitingLinks).toBe(0)
    stores.redisFaults.resetCounts()
    stores.postgresFaults.resetCounts()
    await elsewhere.get(`/${code}`, { method: 'HEAD' })
    expect(stores.redisFaults.commands).toEqual(['GET'])
    expect(stores.postgresFaults.requests).toBe(0)
  })

  test('remembers that there is no such link, for a minute, and a new link is visible at once all the same', async ({
    stores,
    edge,
  }) => {
    const code = 'not-yet'
    expect((await edge.get(`/${code}`)).status).toBe(404)
    const register = stores.registerOf(code)
    await expect.poll(() => stores.redis('GET', register)).toMatch(/^0:\{"link":null/)
    expect(Number(await stores.redis('PTTL', register))).toBeLessThanOrEqual(60_000)
    stores.postgresFaults.resetCounts()
    expect((await edge.get(`/${code}`)).status).toBe(404)
    expect(stores.postgresFaults.requests).toBe(0)

    await edge.create({ url: 'https://example.com/', code })
    expect((await edge.get(`/${code}`)).status).toBe(302)
  })

  test('keeps a newer edit when an older fill arrives late', async ({ stores, edge }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/old' })
    await stores.redis('DEL', stores.registerOf(code))
    // The reader has loaded the old link; its fill is held back until the edit is through.
    const releaseFill = stores.redisFaults.hold(runs(FILL))
    expect((await edge.get(`/${code}`, { method: 'HEAD' })).headers.get('location')).toBe(
      'https://example.com/old',
    )
    await expect.poll(() => stores.redisFaults.struck).toBe(1)
    await edge.api('PATCH', `/links/${id}`, { url: 'https://example.com/new' })
    releaseFill()
    await expect.poll(() => stores.redisFaults.struck).toBe(0)
    expect(await edge.follow(code)).toBe('https://example.com/new')
    stores.redisFaults.heal()
  })

  test.for(['junk', '99999:junk', '99999:{"url":"https://evil.example/"}'])(
    'takes a corrupt register for a miss and writes a good one over it: %s',
    async (corrupt, { stores, edge }) => {
      const { code } = await edge.create({ url: 'https://example.com/good' })
      const register = stores.registerOf(code)
      await stores.redis('SET', register, corrupt)
      expect(await edge.follow(code)).toBe('https://example.com/good')
      await expect.poll(() => stores.redis('GET', register)).toMatch(/^\d+:\{"link":\{"id"/)
    },
  )

  test('writes over a register that is not even a string', async ({ stores, edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/good' })
    const register = stores.registerOf(code)
    await stores.redis('DEL', register)
    await stores.redis('HSET', register, 'a', 'b')
    expect((await edge.get(`/${code}`)).status).toBe(302)
    await expect.poll(() => stores.redis('TYPE', register)).toBe('string')
  })
})
