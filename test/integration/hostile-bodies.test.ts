import { describe, expect } from 'vitest'
import { residentMemoryMb } from '../chaos/resident-memory.ts'
import { ADMIN_TOKEN } from '../support/edge.ts'
import { test as base } from '../support/linkr.ts'
import { chunkedHead, rawRequest } from '../support/raw-request.ts'

const url = 'https://example.com/'
const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` }

interface Answer {
  readonly status: number
  readonly bytes: number
  readonly code: string
  readonly detail: string
  readonly errors: readonly { readonly path: string; readonly message: string }[]
}

const test = base.override('settings', { DOMAINS: 'go.example.com' }).extend('send', ({ edge }) => {
  return async (method: string, path: string, body: BodyInit, more: HeadersInit = {}): Promise<Answer> => {
    const response = await edge.get(`/api${path}`, { method, body, headers: { ...headers, ...more } })
    const text = await response.text()
    return { errors: [], ...JSON.parse(text), status: response.status, bytes: text.length }
  }
})

const filled = (bytes: number, unit: string): string => unit.repeat(Math.floor(bytes / unit.length))

describe('a body that is large for what it says', () => {
  const MEGABYTES_4 = 4 * 1024 * 1024 - 100

  test.for([
    [
      '2 million numeric tags',
      `{"links":[{"url":"${url}","tags":[1${filled(MEGABYTES_4 - 50, ',1')}]}]}`,
      413,
    ],
    ['a million empty lists', `{"links":[[]${filled(MEGABYTES_4 - 50, ',[]')}]}`, 413],
    ['4 million brackets', `{"links":${filled(MEGABYTES_4 - 50, '[')}`, 400],
    ['4 MB of nested objects', `{"links":${filled(MEGABYTES_4 - 50, '{"a":')}`, 400],
    ['an unknown field with a name of 4 MB', `{"links":[{"${filled(MEGABYTES_4 - 50, 'x')}":1}]}`, 200],
    ['a title of 4 MB', `{"links":[{"url":"${url}","title":"${filled(MEGABYTES_4 - 90, 'x')}"}]}`, 200],
  ] as const)(
    '%s: is answered with a few bytes, and costs the isolate little memory',
    async ([_, body, status], { edge, send }) => {
      await edge.api('POST', '/links/bulk', { links: [{ url }] })
      const before = residentMemoryMb()
      for (const path of ['/links/bulk', '/links/import']) {
        const answer = await send('POST', path, body)
        expect(answer).toMatchObject({ status })
        expect(answer.bytes).toBeLessThan(5_000)
      }
      // It was 1,470 MB; an isolate may have 128.
      expect(residentMemoryMb() - before).toBeLessThan(120)
    },
  )

  test('a list is measured before anything looks into it', async ({ send }) => {
    const many = Array.from({ length: 9_000 }, () => 0)
    const long = async (method: string, path: string, body: unknown) =>
      (await send(method, path, JSON.stringify(body))).errors
    const message = expect.stringMatching(/^must have at most|^must be given at most/)
    expect(await long('POST', '/links', { url, tags: many })).toEqual([{ path: 'tags', message }])
    expect(await long('DELETE', '/links', { ids: many })).toEqual([{ path: 'ids', message }])
    expect(await long('PATCH', '/links', { filter: { tag: many }, changes: { enabled: true } })).toEqual([
      { path: 'filter.tag', message: expect.any(String) },
    ])
    const key = { name: 'a', scopes: ['links:read'] }
    expect(await long('POST', '/keys', { ...key, scopes: many })).toEqual([{ path: 'scopes', message }])
    expect(await long('POST', '/keys', { ...key, domains: many })).toEqual([{ path: 'domains', message }])
    expect(await long('POST', '/links/bulk', { links: many })).toEqual([{ path: 'links', message }])
  })

  test('at most 20 errors are listed, and the rest counted', async ({ send }) => {
    const { status, errors, detail } = await send(
      'POST',
      '/links',
      JSON.stringify({ url, tags: Array(50).fill(1) }),
    )
    expect([status, errors.length, detail]).toEqual([
      422,
      20,
      expect.stringContaining('30 more are not listed'),
    ])
  })

  test('a thousand bad items are answered with less than a megabyte', async ({ send }) => {
    const item = { url: 1, status: 1, enabled: 1, title: 1, tags: Array(50).fill(1), [filled(3_000, 'x')]: 1 }
    const { status, bytes } = await send(
      'POST',
      '/links/bulk',
      JSON.stringify({ links: Array(1000).fill(item) }),
    )
    expect(status).toBe(200)
    expect(bytes).toBeLessThan(500_000)
  })

  test('more bytes than are allowed are refused, announced or not', async ({ edge, send }) => {
    const large = filled(70_000, ' ')
    expect(await send('POST', '/links', large)).toMatchObject({ status: 413, code: 'body_too_large' })
    const chunk = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`
    const unannounced = [chunkedHead('POST', '/api/links', { ...headers, Connection: 'close' }), chunk]
    expect(await rawRequest(edge.url, unannounced)).toMatch(/^HTTP\/1.1 413 /)
  })
})

describe('text that is none', () => {
  const bytes = (...parts: (string | number)[]): Buffer =>
    Buffer.concat(parts.map((part) => Buffer.from(typeof part === 'string' ? part : [part])))

  test.for([{}, { 'Idempotency-Key': 'latin-1' }])(
    'in Latin-1 is refused, and not stored with replacements: %j',
    async (more, { edge, send }) => {
      const body = bytes(`{"url":"${url}","code":"latin-1","title":"caf`, 0xe9, '"}')
      expect(await send('POST', '/links', body, more)).toMatchObject({ status: 400, code: 'invalid_utf8' })
      expect((await edge.get('/latin-1')).status).toBe(404)
    },
  )

  test('cut off in the middle of a character is refused', async ({ send }) => {
    expect(await send('POST', '/links', bytes('{"url":"', 0xc3))).toMatchObject({
      status: 400,
      code: 'invalid_utf8',
    })
  })

  const bad = ['\0', 'a\0b', '\ud800', 'a\udc00']
  test.for(bad)('is refused in every field of a link by itself: %j', async (text, { send }) => {
    for (const [field, value] of Object.entries({
      ...{ url: `${url}${text}`, code: text, domain: text, title: text, tags: [text], expiresAt: text },
      ...{ status: text, enabled: text, forwardQuery: text },
    })) {
      const body = JSON.stringify({ url, [field]: value })
      const path = field === 'tags' ? 'tags.0' : field
      for (const [method, target] of [
        ['POST', '/links'],
        ['PUT', '/links'],
      ] as const) {
        const { status, errors } = await send(method, target, body)
        expect([status, errors.map((error) => error.path)]).toEqual([422, expect.arrayContaining([path])])
      }
    }
  })

  test.for(bad)('is refused in every field of a filter by itself: %j', async (text, { edge, send }) => {
    for (const field of ['domain', 'code', 'tag', 'q']) {
      const body = JSON.stringify({ filter: { [field]: text }, dryRun: true, changes: { enabled: true } })
      expect((await send('PATCH', '/links', body)).status).toBe(422)
      const query = `${field}=${encodeURIComponent(text.toWellFormed())}`
      // In a URL half a surrogate pair arrives as a replacement character, which is one that can be searched for.
      const expected = text.isWellFormed() || field === 'domain' ? 422 : 200
      expect((await edge.api('GET', `/links?${query}`)).status).toBe(expected)
    }
    for (const field of ['domain', 'code']) {
      const query = new URLSearchParams({ domain: '*', code: 'a', [field]: text })
      expect((await edge.api('GET', `/links/lookup?${query}`)).status).toBeOneOf([404, 422])
    }
    const path = encodeURIComponent(text.toWellFormed())
    for (const target of [`/links/${path}`, `/keys/${path}`, `/domains/${path}`]) {
      expect((await edge.api('DELETE', target)).status).toBeOneOf([404, 422])
    }
  })
})

describe('a body that should not be there, or is not all there', () => {
  test.for([
    '/api/links',
    '/api/links/1',
    '/api/keys',
    '/api/health',
    '/api/nothing',
    '/health',
    '/code',
    '/',
  ])('of a GET or HEAD is ignored: %s', async (path, { edge }) => {
    for (const method of ['GET', 'HEAD']) {
      const expected = await edge.get(path, { method, headers })
      const head = chunkedHead(method, path, { ...headers, Connection: 'close' })
      const answer = await rawRequest(edge.url, [head, '5\r\n{"a":\r\n0\r\n\r\n'])
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${expected.status} `))
    }
  })

  test.for([
    ['in chunks', ['10\r\n{"url":\r\n']],
    ['after a whole chunk', ['7\r\n{"url":\r\n']],
    ['with a broken chunk', ['zz\r\n{"url":\r\n0\r\n\r\n']],
  ] as const)(
    'breaks off %s without a 5xx, and the next request is answered',
    async ([_, parts], { edge }) => {
      const head = chunkedHead('POST', '/api/links', headers)
      expect(await rawRequest(edge.url, [head, ...parts])).toMatch(/^(?:$|HTTP\/1.1 400 )/)
      const announced = chunkedHead('POST', '/api/links', headers).replace(
        'Transfer-Encoding: chunked',
        'Content-Length: 100',
      )
      expect(await rawRequest(edge.url, [announced, '{"url":'])).toMatch(/^(?:$|HTTP\/1.1 400 )/)
      expect((await edge.api('GET', '/links')).status).toBe(200)
    },
  )
})
