import { describe, expect } from 'vitest'
import { test as base } from '../support/linkr.ts'

const SETTINGS = { DOMAINS: 'go.example.com', BASE_URL: 'https://links.example.com' }

const test = base
  .override('settings', SETTINGS)
  .extend('put', ({ edge }) => async (host: string, settings: Record<string, unknown>): Promise<unknown> => {
    const response = await edge.api('PUT', `/domains/${host}`, settings)
    expect(response.status).toBe(200)
    return response.json()
  })
  .extend('visit', ({ edge }) => async (host: string, path: string, at = edge) => {
    const response = await at.getAt(host, path)
    return [response.status, response.headers.get('location')]
  })

test.beforeEach(async ({ edge }) => {
  for (const host of ['*', 'go.example.com', 'any.example.com', 'lost.example.com'])
    await edge.api('DELETE', `/domains/${host}`)
})

const url = 'https://example.com/'
const pages = { rootUrl: `${url}root`, notFoundUrl: `${url}lost`, expiredUrl: `${url}late` }

describe('the settings of a domain', () => {
  test('are set as a whole, read, listed and forgotten', async ({ edge, put }) => {
    const host = 'go.example.com'
    expect((await edge.api('GET', `/domains/${host}`)).status).toBe(404)
    const others = { defaultStatus: 308, robots: 'disallow', respectsOptOut: false, geography: true }
    const set = await put('GO.example.com', { ...pages, ...others })
    const time = expect.stringMatching(/Z$/)
    const whole = { host, ...pages, ...others, createdAt: time, updatedAt: time }
    expect(set).toEqual(whole)
    expect(await (await edge.api('GET', `/domains/${host}`)).json()).toEqual(set)
    expect(await (await edge.api('GET', '/domains')).json()).toMatchObject({ data: [set] })
    expect(await put(host, {})).toMatchObject({
      rootUrl: null,
      notFoundUrl: null,
      defaultStatus: 302,
      robots: 'allow',
      respectsOptOut: true,
      geography: false,
    })
    expect((await edge.api('DELETE', `/domains/${host}`)).status).toBe(204)
    expect((await edge.api('DELETE', `/domains/${host}`)).status).toBe(404)
  })

  test('say where visitors go who find no link', async ({ stores, edge, put, visit }) => {
    await stores.sql(
      `INSERT INTO links (domain, code, url, expires_at) VALUES ('go.example.com', 'old', $1, now())`,
      [url],
    )
    await edge.create({ url, code: 'off', domain: 'go.example.com', enabled: false })
    await put('go.example.com', pages)
    expect(await visit('go.example.com', '/')).toEqual([302, pages.rootUrl])
    expect(await visit('go.example.com', '/nothing')).toEqual([302, pages.notFoundUrl])
    expect(await visit('go.example.com', '/off')).toEqual([302, pages.notFoundUrl])
    expect(await visit('go.example.com', '/old')).toEqual([302, pages.expiredUrl])
    expect(await visit('any.example.com', '/nothing')).toEqual([404, null])
    expect(await visit('any.example.com', '/')).toEqual([404, null])
  })

  test('of * hold for every host without its own', async ({ put, visit }) => {
    await put('*', { notFoundUrl: `${url}everybody` })
    await put('any.example.com', {})
    expect(await visit('go.example.com', '/nothing')).toEqual([302, `${url}everybody`])
    expect(await visit('another.example.com', '/nothing')).toEqual([302, `${url}everybody`])
    expect(await visit('any.example.com', '/nothing')).toEqual([404, null])
  })

  test('show everywhere soon, like an edited link', async ({ elsewhere, put, visit }) => {
    expect(await visit('go.example.com', '/', elsewhere)).toEqual([404, null])
    await put('go.example.com', pages)
    expect(await visit('go.example.com', '/')).toEqual([302, pages.rootUrl])
    const changedAt = performance.now()
    while ((await visit('go.example.com', '/', elsewhere))[0] !== 302) {
      expect(performance.now() - changedAt).toBeLessThan(5_500)
    }
  })

  test('reach Redis later if it is down now, and are not taken for a deleted link', async ({
    stores,
    edge,
    put,
    visit,
  }) => {
    stores.redisFaults.inject({ kind: 'status', status: 500 })
    await put('go.example.com', pages)
    stores.redisFaults.heal()
    const report = await edge.api('POST', '/reconcile', { full: true })
    expect(report.status).toBe(200)
    const registered = async () => {
      expect(await visit('go.example.com', '/')).toEqual([302, pages.rootUrl])
      return String(await stores.redis('GET', `${stores.keyPrefix}v1:settings:go.example.com`))
    }
    // As long as the isolate still suspects Redis, visits are answered from Postgres.
    await expect.poll(registered).toContain('example.com/root')
    const again = (await (await edge.api('POST', '/reconcile', { full: true })).json()) as {
      repaired: number
    }
    expect(again.repaired).toBe(0)
  })

  test('decide the status of links that are created without one', async ({ edge, put }) => {
    await put('go.example.com', { defaultStatus: 301 })
    const domain = 'go.example.com'
    expect(await edge.create({ url, domain })).toMatchObject({ status: 301 })
    expect(await edge.create({ url, domain, status: 307 })).toMatchObject({ status: 307 })
    expect(await edge.create({ url })).toMatchObject({ status: 302 })
    const bulk = await edge.api('POST', '/links/bulk', { links: [{ url, domain }] })
    expect(await bulk.json()).toMatchObject({ results: [{ link: { status: 301 } }] })
  })

  test('decide what robots.txt says', async ({ edge, put }) => {
    await put('go.example.com', { robots: 'disallow' })
    const text = async (path: string) => (await edge.get(path)).text()
    expect(await text('/robots.txt')).toBe('User-agent: *\nDisallow: /api/\n')
    await put('127.0.0.1', { robots: 'disallow' })
    expect(await text('/robots.txt')).toBe('User-agent: *\nDisallow: /\n')
    await edge.api('DELETE', '/domains/127.0.0.1')
  })

  test('that a stranger has written into Redis lead to web pages only', async ({
    stores,
    startEdge,
    put,
    visit,
  }) => {
    await put('go.example.com', pages)
    const key = `${stores.keyPrefix}v1:settings:go.example.com`
    const register = async () => {
      await visit('go.example.com', '/')
      return String(await stores.redis('GET', key))
    }
    await expect.poll(register).toContain('example.com/root')
    const planted = (await register()).replace('https://example.com/root', 'javascript:alert(1)')
    await stores.redis('SET', key, planted)
    const fresh = await startEdge(SETTINGS)
    expect(await visit('go.example.com', '/', fresh)).toEqual([404, null])
    expect(await visit('go.example.com', '/nothing', fresh)).toEqual([302, pages.notFoundUrl])
  })

  test('never cost a visitor an answer when the stores are down', async ({ stores, startEdge }) => {
    const cold = await startEdge()
    stores.redisFaults.inject({ kind: 'status', status: 500 })
    stores.postgresFaults.inject({ kind: 'status', status: 503 })
    expect((await cold.get('/')).status).toBe(404)
    expect((await cold.get('/robots.txt')).status).toBe(200)
    stores.redisFaults.heal()
    stores.postgresFaults.heal()
  })

  test.for([
    ['rootUrl', { rootUrl: 'javascript:alert(1)' }],
    ['rootUrl', { rootUrl: 'https://go.example.com/' }],
    ['notFoundUrl', { notFoundUrl: 7 }],
    ['expiredUrl', { expiredUrl: '' }],
    ['defaultStatus', { defaultStatus: 200 }],
    ['robots', { robots: 'maybe' }],
    ['respectsOptOut', { respectsOptOut: 'yes' }],
    ['geography', { geography: null }],
    ['colour', { colour: 'red' }],
  ] as const)('refuse a wrong %s', async ([path, body], { edge }) => {
    const response = await edge.api('PUT', '/domains/go.example.com', body)
    expect([response.status, await response.json()]).toMatchObject([422, { errors: [{ path }] }])
  })

  test.for([
    ['go.example.com', 'https://go.example.com./lost', 'DOMAINS, with a trailing dot'],
    ['any.example.com', 'https://GO.example.com:8443/lost', 'DOMAINS, with a port'],
    ['*', 'https://links.example.com/lost', 'BASE_URL'],
    ['any.example.com', 'https://any.example.com/lost', 'itself'],
    ['*', 'http://127.0.0.1/lost', 'the host of the request'],
  ] as const)('of %s cannot lead to %s: a host of linkr (%s)', async ([host, notFoundUrl], { edge }) => {
    const response = await edge.api('PUT', `/domains/${host}`, { notFoundUrl })
    expect([response.status, await response.json()]).toMatchObject([
      422,
      { errors: [{ path: 'notFoundUrl' }] },
    ])
  })

  test('of two hosts cannot lead to each other, in whichever order they are set', async ({ edge, put }) => {
    await put('any.example.com', { notFoundUrl: 'https://lost.example.com/lost' })
    const back = { notFoundUrl: 'https://any.example.com/lost' }
    expect((await edge.api('PUT', '/domains/lost.example.com', back)).status).toBe(422)
    await edge.api('DELETE', '/domains/any.example.com')
    // A third host, which linkr need not know, could close the circle.
    await put('*', { notFoundUrl: 'https://lost.example.com/lost' })
    const onwards = { notFoundUrl: 'https://unlisted.example.com/' }
    const response = await edge.api('PUT', '/domains/lost.example.com', onwards)
    expect([response.status, await response.text()]).toEqual([
      422,
      expect.stringContaining('as long as the settings of \\"*\\" lead to this host'),
    ])
    await put('lost.example.com', { robots: 'disallow' })
  })

  test('send no visitor to the page where they are already', async ({ put, visit }) => {
    await put('*', {
      rootUrl: 'https://unlisted.example.com/',
      notFoundUrl: 'http://unlisted.example.com/lost',
    })
    expect(await visit('other.example.com', '/nothing')).toEqual([302, 'http://unlisted.example.com/lost'])
    expect(await visit('unlisted.example.com', '/lost')).toEqual([404, null])
    expect(await visit('unlisted.example.com', '/')).toEqual([404, null])
  })

  test('hold for a host however it is spelled', async ({ put, visit }) => {
    await put('GO.example.com.', { rootUrl: url })
    expect(await visit('Go.Example.com.', '/')).toEqual([302, url])
    expect(await visit('go.example.com', '/')).toEqual([302, url])
  })

  test.for(['no host', '-', 'a..b', 'x'.repeat(300), '%00'])(
    'cannot belong to %j, which is no host',
    async (host, { edge }) => {
      for (const method of ['PUT', 'GET', 'DELETE']) {
        const body = method === 'PUT' ? {} : undefined
        const response = await edge.api(method, `/domains/${encodeURIComponent(host)}`, body)
        expect([response.status, await response.json()]).toMatchObject([422, { errors: [{ path: 'host' }] }])
      }
    },
  )
})
