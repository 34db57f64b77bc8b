import { describe, expect } from 'vitest'
import { ADMIN_TOKEN } from '../support/edge.ts'
import { test } from '../support/linkr.ts'

const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  return (await response.json()) as {
    status: number
    code: string
    errors?: { path: string; message: string }[]
  }
}

describe('links', () => {
  test('are created with every field, and read back', async ({ edge }) => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const response = await edge.api('POST', '/links', {
      url: 'https://example.com/ü',
      code: 'my/first-link',
      status: 308,
      enabled: false,
      expiresAt,
      forwardQuery: true,
      title: '  My link ',
      tags: ['a', 'b', 'a'],
    })
    expect(response.status).toBe(201)
    const link = (await response.json()) as Record<string, unknown>
    expect(link).toEqual({
      id: expect.stringMatching(/^\d+$/),
      domain: '*',
      code: 'my/first-link',
      shortUrl: `${edge.url}/my/first-link`,
      url: 'https://example.com/%C3%BC',
      status: 308,
      enabled: false,
      expiresAt,
      forwardQuery: true,
      title: 'My link',
      tags: ['a', 'b'],
      hits: 0,
      people: 0,
      lastHitAt: null,
      version: expect.any(Number),
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
    })
    expect(response.headers.get('location')).toBe(`/api/links/${link.id}`)
    expect(await (await edge.api('GET', `/links/${link.id}`)).json()).toEqual(link)
  })

  test('get a code of 7 characters when none is asked for', async ({ edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    expect(code).toMatch(/^[a-zA-Z2-9]{7}$/)
  })

  test('change in the fields named, and nowhere else, with a greater version', async ({ edge }) => {
    const link = await edge.create({ url: 'https://example.com/', title: 'kept', tags: ['x'] })
    const response = await edge.api('PATCH', `/links/${link.id}`, { url: 'https://example.com/2', tags: [] })
    const edited = (await response.json()) as { version: number }
    expect(edited).toEqual({
      ...link,
      url: 'https://example.com/2',
      tags: [],
      version: expect.any(Number),
      updatedAt: expect.any(String),
    })
    expect(edited.version).toBeGreaterThan(link.version)
    expect(await edge.follow(link.code)).toBe('https://example.com/2')
  })

  test('are gone once deleted, and their code is free for another', async ({ edge }) => {
    const link = await edge.create({ url: 'https://example.com/old' })
    expect((await edge.get(`/${link.code}`)).status).toBe(302)
    expect((await edge.api('DELETE', `/links/${link.id}`)).status).toBe(204)
    expect((await edge.get(`/${link.code}`)).status).toBe(404)
    for (const method of ['GET', 'DELETE']) {
      expect(await problemOf(await edge.api(method, `/links/${link.id}`))).toMatchObject({
        code: 'link_not_found',
      })
    }
    const again = await edge.create({ url: 'https://example.com/new', code: link.code })
    expect(again.version).toBeGreaterThan(link.version)
    expect(await edge.follow(link.code)).toBe('https://example.com/new')
  })

  test('cannot take a code that is taken', async ({ edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    const response = await edge.api('POST', '/links', { url: 'https://example.com/', code })
    expect(response.status).toBe(409)
    expect(await problemOf(response)).toMatchObject({ code: 'code_taken' })
  })
})

describe('a request that cannot be accepted', () => {
  const url = 'https://example.com/'
  test.for([
    ['url', {}],
    ['url', { url: '' }],
    ['url', { url: 7 }],
    ['url', { url: 'javascript:alert(1)' }],
    ['url', { url: 'data:text/html,hi' }],
    ['url', { url: 'https://user:password@example.com/' }],
    ['url', { url: 'https://example.com/\r\nX: y' }],
    ['url', { url: `https://example.com/${'a'.repeat(4096)}` }],
    ['status', { url, status: 200 }],
    ['status', { url, status: '302' }],
    ['enabled', { url, enabled: 'yes' }],
    ['expiresAt', { url, expiresAt: '2001-01-01T00:00:00Z' }],
    ['expiresAt', { url, expiresAt: 'tomorrow' }],
    ['expiresAt', { url, expiresAt: '2999-02-30T00:00:00Z' }],
    ['code', { url, code: '' }],
    ['code', { url, code: 'a b' }],
    ['code', { url, code: '/a' }],
    ['code', { url, code: 'api/x' }],
    ['code', { url, code: 'a'.repeat(129) }],
    ['domain', { url, domain: 'not-listed.example.com' }],
    ['title', { url, title: 'a\0b' }],
    ['title', { url, title: '\ud800' }],
    ['title', { url, title: 'a'.repeat(257) }],
    ['tags', { url, tags: 'a' }],
    ['tags.1', { url, tags: ['ok', ''] }],
    ['tags', { url, tags: Array.from({ length: 51 }, (_, i) => `${i}`) }],
    ['colour', { url, colour: 'red' }],
  ] as const)('names the field that is wrong: %s of %j', async ([path, body], { edge }) => {
    const response = await edge.api('POST', '/links', body)
    expect(response.status).toBe(422)
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ type: 'about:blank', status: 422, code: 'invalid_request' })
    expect(problem.errors).toContainEqual({ path, message: expect.stringMatching(/\S/) })
  })

  test('names all of them at once', async ({ edge }) => {
    const response = await edge.api('POST', '/links', { url: 'ftp://x', status: 200, extra: 1 })
    const { errors = [] } = await problemOf(response)
    expect(errors.map(({ path }) => path).sort()).toEqual(['extra', 'status', 'url'])
  })

  test('cannot point a link at a short link of its own', async ({ edge }) => {
    const response = await edge.api('POST', '/links', { url: `${edge.url}/other` })
    expect((await problemOf(response)).errors).toEqual([
      { path: 'url', message: 'must not be a short link of this linkr' },
    ])
  })

  test('is told that it is no JSON object, or too large', async ({ edge }) => {
    const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` }
    for (const body of ['', '{"url":', '[]', 'null', '"url"']) {
      const broken = await edge.get('/api/links', { method: 'POST', headers, body })
      expect([broken.status, (await problemOf(broken)).code]).toEqual([400, 'invalid_json'])
    }
    const large = await edge.get('/api/links', { method: 'POST', headers, body: ' '.repeat(64 * 1024 + 1) })
    expect([large.status, (await problemOf(large)).code]).toEqual([413, 'body_too_large'])
  })

  test('cannot change what identifies a link', async ({ edge }) => {
    const { id } = await edge.create({ url })
    for (const change of [{ id: '5' }, { hits: 7 }]) {
      expect((await edge.api('PATCH', `/links/${id}`, change)).status).toBe(422)
    }
  })

  test.for(['0', 'x', '999999999999999999', '99999999999999999999', '1.5', '-1', '%00'])(
    'finds no link with id %s',
    async (id, { edge }) => {
      expect((await problemOf(await edge.api('GET', `/links/${id}`))).code).toBe('link_not_found')
    },
  )

  test('finds no route that is not there', async ({ edge }) => {
    expect((await problemOf(await edge.api('GET', '/nothing'))).code).toBe('no_such_route')
  })
})
