import { describe, expect } from 'vitest'
import { ADMIN_TOKEN, type Edge } from '../support/edge.ts'
import { test } from '../support/linkr.ts'

const url = 'https://example.com/'
const SETTINGS = {
  API_HOST: 'links.example.com',
  BASE_URL: 'https://go.example.com',
  SECURITY_CONTACT: 'mailto:security@example.com',
}

describe('every answer', () => {
  test("says what it is, and the API's are kept by no cache", async ({ edge }) => {
    const { code } = await edge.create({ url })
    await edge.create({ url, code: 'off', enabled: false })
    await edge.create({ url, code: 'permanent', status: 301 })
    const everywhere = [
      ...[`/${code}`, `/${code}`, '/permanent', '/off', '/nothing', '/', '/%zz', '/health', '/robots.txt'],
      ...['/.well-known/security.txt', '/.well-known/x'],
    ]
    for (const path of everywhere) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const { headers } = await edge.get(path, { method })
        expect([path, method, headers.get('x-content-type-options')]).toEqual([path, method, 'nosniff'])
      }
    }
    const inApi = [
      '/docs',
      '/openapi.json',
      '/links',
      '/links/0',
      '/keys',
      '/health',
      '/nothing',
      '/domains/*',
    ]
    for (const path of inApi) {
      for (const headers of [{}, { Authorization: `Bearer ${ADMIN_TOKEN}` }]) {
        const answer = await edge.get(`/api${path}`, { headers })
        const found = ['x-content-type-options', 'cache-control'].map((name) => answer.headers.get(name))
        expect([path, answer.status, ...found]).toEqual([path, answer.status, 'nosniff', 'no-store'])
      }
    }
    const posted = await edge.api('POST', '/links', { url })
    expect(posted.headers.get('cache-control')).toBe('no-store')
  })
})

describe('API_HOST', () => {
  test('keeps the API to one host; anywhere else it looks like a code that does not exist', async ({
    startEdge,
  }) => {
    const split = await startEdge(SETTINGS)
    expect((await split.getAt('links.example.com', '/api/docs')).status).toBe(200)
    expect((await split.getAt('LINKS.example.com.:8443', '/api/links')).status).toBe(401)
    for (const host of ['go.example.com', 'linkr.acme.workers.dev', '127.0.0.1']) {
      for (const path of ['/api/docs', '/api/links', '/api']) {
        const answer = await split.getAt(host, path)
        expect([answer.status, answer.headers.get('content-type')]).toEqual([
          404,
          'text/plain; charset=utf-8',
        ])
      }
    }
    const elsewhere = await split.get('/api/links', { headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } })
    expect([elsewhere.status, await elsewhere.text()]).toEqual([404, 'There is no such short link.\n'])
    expect((await split.getAt('go.example.com', '/health')).status).toBe(200)
  })
})

describe('/.well-known/security.txt', () => {
  test('names whom to tell, for the next months', async ({ startEdge }) => {
    const split = await startEdge(SETTINGS)
    const answer = await split.get('/.well-known/security.txt')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8'])
    const [, contact, expires = ''] = /^Contact: (.*)\nExpires: (.*)\n$/.exec(await answer.text()) ?? []
    expect(contact).toBe('mailto:security@example.com')
    const days = (Date.parse(expires) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(30)
    expect(days).toBeLessThan(365)
  })

  test('is not there unless a contact is named', async ({ edge }) => {
    expect((await edge.get('/.well-known/security.txt')).status).toBe(404)
  })
})

describe('the admin token', () => {
  const as = (token: string, at: Edge) => async (method: string, path: string, body?: unknown) =>
    (await at.api(method, path, body, { Authorization: `Bearer ${token}` })).status

  test('has two values while one takes the place of the other', async ({ edge, startEdge }) => {
    const previous = 'the-token-before-this-one'
    const rotating = await startEdge({ ADMIN_TOKEN_PREVIOUS: previous })
    for (const token of [ADMIN_TOKEN, previous]) {
      expect(await as(token, rotating)('POST', '/keys', { name: 'a', scopes: ['admin'] })).toBe(201)
    }
    expect(await as(previous, edge)('GET', '/keys')).toBe(401)
  })

  test('may be taken away once there is an admin key', async ({ edge, startEdge }) => {
    const made = await edge.api('POST', '/keys', { name: 'owner', scopes: ['admin'] })
    const { key } = (await made.json()) as { key: string }
    const without = await startEdge({ ADMIN_TOKEN: '' })
    expect(await as(key, without)('GET', '/keys')).toBe(200)
    for (const token of [ADMIN_TOKEN, '', 'null', 'undefined']) {
      expect(await as(token, without)('GET', '/keys')).toBe(401)
    }
    expect((await without.get('/health')).status).toBe(200)
  })
})

describe('a flood of codes that do not exist', () => {
  test('stops at the stores, for its network alone, and what memory knows is still served', async ({
    stores,
    startEdge,
  }) => {
    const limited = await startEdge({}, { MISS_LIMITER: 20 })
    const { code } = await limited.create({ url })
    await limited.create({ url, code: 'cold' })
    const visit = async (path: string, address: string) =>
      (await limited.get(path, { headers: { 'CF-Connecting-IP': address }, method: 'HEAD' })).status
    const guess = (i: number) => visit(`/guess-${i}`, `2001:db8:5:6::${i.toString(16)}`)
    let tries = 0
    while ((await guess(tries)) !== 429) expect(++tries).toBeLessThan(60)
    expect(tries).toBeGreaterThanOrEqual(20)

    stores.redisFaults.resetCounts()
    stores.postgresFaults.resetCounts()
    for (let i = 0; i < 100; i++) expect(await guess(1_000 + i)).toBe(429)
    expect(stores.redisFaults.commands).toEqual([])
    expect(stores.postgresFaults.requests).toBe(0)
    // What another network has just brought into memory.
    await Promise.all([visit('/guess-0', '203.0.113.9'), visit(`/${code}`, '203.0.113.9')])
    expect(await guess(0)).toBe(404)
    expect(await visit(`/${code}`, '2001:db8:5:6::1')).toBe(302)
    expect(await visit('/cold', '2001:db8:5:7::1')).toBe(302)
  })

  test('is none when a whole office opens the same broken link', async ({ startEdge }) => {
    const limited = await startEdge({}, { MISS_LIMITER: 20 })
    const headers = { 'CF-Connecting-IP': '203.0.113.10' }
    for (let i = 0; i < 200; i++) expect((await limited.get('/broken-link', { headers })).status).toBe(404)
  })
})
