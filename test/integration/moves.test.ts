import { describe, expect } from 'vitest'
import type { ApiLink } from '../support/edge.ts'
import { test as base } from '../support/linkr.ts'

const HOST = 'go.example.com'
const url = 'https://example.com/'

const test = base
  .override('settings', { DOMAINS: `${HOST},other.example.com` })
  .extend('patch', ({ edge }) => async (id: string, changes: object, headers?: Record<string, string>) => {
    const response = await edge.api('PATCH', `/links/${id}`, changes, headers)
    return { status: response.status, link: (await response.json()) as ApiLink & { errors?: unknown } }
  })
  .extend('patchAll', ({ edge }) => async (body: object): Promise<Record<string, unknown>> => {
    const response = await edge.api('PATCH', '/links', body)
    expect(response.status).toBe(200)
    return (await response.json()) as Record<string, unknown>
  })
  .extend('visit', ({ edge }) => async (host: string, code: string, at = edge) => {
    return (await at.getAt(host, `/${code}`)).headers.get('location')
  })
  .extend('makeAll', ({ edge }) => (tag: string, count: number, domain = '*') => {
    const link = (i: number) => ({ url, code: `${tag}-${i}`, tags: [tag], domain })
    return edge.api('POST', '/links/bulk', { links: Array.from({ length: count }, (_, i) => link(i)) })
  })

describe('a link that moves', () => {
  test('answers under its new code, not under its old one, and keeps its hits', async ({
    stores,
    edge,
    patch,
  }) => {
    const { id, version } = await edge.create({ url, code: 'old-name', title: 'Kept', tags: ['kept'] })
    expect(await edge.follow('old-name')).toBe(url)
    expect((await edge.get('/new-name')).status).toBe(404)
    await edge.flush()
    const { status, link } = await patch(id, { code: 'new-name' })
    expect([status, link]).toMatchObject([
      200,
      { id, code: 'new-name', title: 'Kept', tags: ['kept'], hits: 1 },
    ])
    expect([link.shortUrl, link.version > version]).toEqual([`${edge.url}/new-name`, true])
    expect(await edge.follow('new-name')).toBe(url)
    expect((await edge.get('/old-name')).status).toBe(404)
    await expect.poll(() => edge.hitsOf(id)).toBe(2)
    await edge.flush()
    expect(await stores.flushedHits(id)).toBe(2)
  })

  test('shows everywhere within the bound, at both of its places', async ({ edge, elsewhere, patch }) => {
    const { id } = await edge.create({ url, code: 'far-old' })
    expect(await elsewhere.follow('far-old')).toBe(url)
    expect(await elsewhere.follow('far-new')).toBeNull()
    await patch(id, { code: 'far-new' })
    await expect.poll(() => elsewhere.follow('far-new')).toBe(url)
    await expect.poll(() => elsewhere.follow('far-old')).toBeNull()
  })

  test('moves between domains, with other changes', async ({ edge, patch, visit }) => {
    const { id } = await edge.create({ url, code: 'domain-move' })
    const { link } = await patch(id, { domain: HOST.toUpperCase(), url: `${url}moved` })
    expect(link).toMatchObject({ domain: HOST, shortUrl: `https://${HOST}/domain-move` })
    expect(await visit(HOST, 'domain-move')).toBe(`${url}moved`)
    expect((await edge.get('/domain-move')).status).toBe(404)
    expect((await patch(id, { domain: '*' })).link.domain).toBe('*')
    expect(await visit(HOST, 'domain-move')).toBeNull()
    expect(await edge.follow('domain-move')).toBe(`${url}moved`)
  })

  test('leaves a copy behind if asked to, a link of its own with hits of its own', async ({
    edge,
    patch,
  }) => {
    const { id } = await edge.create({ url, code: 'copied', status: 307, title: 'Title', tags: ['a'] })
    await edge.get('/copied')
    await edge.flush()
    const { link } = await patch(id, { code: 'copied-2', keepOldCode: true })
    expect(link).toMatchObject({ id, hits: 1 })
    const copy = (await (await edge.api('GET', '/links/lookup?code=copied')).json()) as ApiLink
    expect(copy).toMatchObject({ url, status: 307, title: 'Title', tags: ['a'], hits: 0 })
    expect(copy.id).not.toBe(id)
    await patch(id, { url: `${url}edited` })
    expect([await edge.follow('copied'), await edge.follow('copied-2')]).toEqual([url, `${url}edited`])
  })

  test('does not take a code that is taken', async ({ edge, patch }) => {
    const { id } = await edge.create({ url, code: 'mover' })
    await edge.create({ url: `${url}other`, code: 'occupied' })
    for (const keepOldCode of [false, true]) {
      const { status, link } = await patch(id, { code: 'occupied', title: 'Never', keepOldCode })
      expect([status, link.code]).toEqual([409, 'code_taken'])
    }
    expect(await (await edge.api('GET', `/links/${id}`)).json()).toMatchObject({ code: 'mover', title: null })
    expect(await edge.follow('mover')).toBe(url)
  })

  test('to where it is already, is only edited', async ({ stores, edge, patch }) => {
    const { id } = await edge.create({ url, code: 'staying' })
    const { status, link } = await patch(id, {
      code: 'staying',
      domain: '*',
      title: 'New',
      keepOldCode: true,
    })
    expect([status, link.title]).toEqual([200, 'New'])
    expect(await edge.follow('staying')).toBe(url)
    expect(await stores.sql(`SELECT FROM links WHERE code = 'staying'`)).toHaveLength(1)
  })

  test('gives its old code free, and comes back to it', async ({ edge, patch }) => {
    const { id } = await edge.create({ url, code: 'swapped-1' })
    await patch(id, { code: 'swapped-2' })
    const other = await edge.create({ url: `${url}other`, code: 'swapped-1' })
    expect(await edge.follow('swapped-1')).toBe(`${url}other`)
    expect((await patch(id, { code: 'swapped-1' })).status).toBe(409)
    await edge.api('DELETE', `/links/${other.id}`)
    expect((await patch(id, { code: 'swapped-1' })).status).toBe(200)
    expect([await edge.follow('swapped-1'), await edge.follow('swapped-2')]).toEqual([url, null])
  })

  test('only from the version that its owner knows', async ({ edge, patch }) => {
    const { id, version } = await edge.create({ url, code: 'versioned' })
    const stale = await patch(id, { code: 'versioned-2' }, { 'If-Match': `"${version - 1}"` })
    expect(stale.status).toBe(412)
    expect((await patch(id, { code: 'versioned-2' }, { 'If-Match': `"${version}"` })).status).toBe(200)
  })

  test('reaches Redis later if that is down now, at both of its places', async ({ stores, edge, patch }) => {
    const { id } = await edge.create({ url, code: 'outage-1' })
    await edge.get('/outage-1')
    stores.redisFaults.inject({ kind: 'status', status: 500 })
    expect((await patch(id, { code: 'outage-2' })).status).toBe(200)
    stores.redisFaults.heal()
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    expect(String(await stores.register('outage-1'))).not.toContain(url)
    expect([await edge.follow('outage-1'), await edge.follow('outage-2')]).toEqual([null, url])
  })

  test.for([
    ['code', { code: 'api/x' }],
    ['code', { code: '' }],
    ['domain', { domain: 'no host' }],
    ['', { keepOldCode: true }],
    ['keepOldCode', { code: 'fine', keepOldCode: 'yes' }],
  ] as const)('refuses a wrong %s', async ([path, changes], { edge, patch }) => {
    const { id } = await edge.create({ url })
    expect(await patch(id, changes)).toMatchObject({ status: 422, link: { errors: [{ path }] } })
  })

  test('stays within the domains of the key that moves it', async ({ edge, patch }) => {
    const make = async (scopes: string[], domains: string[] | null): Promise<Record<string, string>> => {
      const made = await edge.api('POST', '/keys', { name: 'mover', scopes, domains })
      const { key } = (await made.json()) as { key: string }
      return { Authorization: `Bearer ${key}` }
    }
    const limited = await make(['links:read', 'links:write'], [HOST])
    const { id } = await edge.create({ url, code: 'limited', domain: HOST })
    const foreign = await edge.create({ url, code: 'foreign' })
    expect((await patch(id, { domain: '*' }, limited)).status).toBe(403)
    expect((await patch(foreign.id, { domain: HOST }, limited)).status).toBe(404)
    expect((await patch(id, { code: 'limited-2' }, limited)).status).toBe(200)
    const bulk = { filter: { tag: 'any' }, changes: { domain: '*' } }
    expect((await edge.api('PATCH', '/links', bulk, limited)).status).toBe(403)
    // Where no link can be made yet, an admin may prepare some.
    const everywhere = await make(['links:read', 'links:write'], null)
    expect((await patch(id, { domain: 'new.example.com' }, everywhere)).status).toBe(422)
    expect((await patch(id, { domain: 'new.example.com' })).status).toBe(200)
  })
})

describe('many links that move', () => {
  test('go to a domain, but for those whose code is taken there', async ({
    edge,
    patchAll,
    visit,
    makeAll,
  }) => {
    await makeAll('herd', 5)
    await edge.create({ url: `${url}first`, code: 'herd-3', domain: HOST })
    expect(await edge.follow('herd-1')).toBe(url)
    const body = { filter: { tag: 'herd', domain: '*' }, changes: { domain: HOST } }
    expect(await patchAll({ ...body, dryRun: true })).toMatchObject({ matched: 4, taken: 1, changed: 0 })
    expect(await edge.follow('herd-1')).toBe(url)
    expect(await patchAll(body)).toMatchObject({ matched: 4, changed: 4, more: false })
    expect([await visit(HOST, 'herd-1'), await visit(HOST, 'herd-3')]).toEqual([url, `${url}first`])
    expect([await edge.follow('herd-1'), await edge.follow('herd-3')]).toEqual([null, url])
    expect(await patchAll(body)).toMatchObject({ matched: 0, changed: 0, more: false })
  })

  test('leave copies behind, and repeating it comes to an end', async ({
    edge,
    patchAll,
    visit,
    makeAll,
  }) => {
    await makeAll('copies', 5)
    const body = { filter: { tag: 'copies', domain: '*' }, changes: { domain: HOST, keepOldCode: true } }
    expect(await patchAll(body)).toMatchObject({ matched: 5, changed: 5 })
    expect([await visit(HOST, 'copies-1'), await edge.follow('copies-1')]).toEqual([url, url])
    expect(await patchAll(body)).toMatchObject({ matched: 0, changed: 0, more: false })
  })

  test('of one code: one of them does', async ({ patchAll, makeAll }) => {
    await makeAll('twins', 2)
    await makeAll('twins', 2, 'other.example.com')
    const body = { filter: { tag: 'twins' }, changes: { domain: HOST } }
    expect(await patchAll(body)).toMatchObject({ matched: 2, changed: 2, more: false })
    expect(await patchAll({ ...body, dryRun: true })).toMatchObject({ matched: 0, taken: 2 })
  })

  test('cannot all have one code', async ({ edge }) => {
    const response = await edge.api('PATCH', '/links', { ids: ['1', '2'], changes: { code: 'one' } })
    expect(response.status).toBe(422)
  })
})

describe('tags', () => {
  test('are added to a link and taken away from it, in their order, each once', async ({ edge, patch }) => {
    const { id } = await edge.create({ url, tags: ['a', 'b', 'c'] })
    const tagsAfter = async (changes: object) => (await patch(id, changes)).link.tags
    expect(await tagsAfter({ addTags: ['d', 'a', 'd'] })).toEqual(['a', 'b', 'c', 'd'])
    expect(await tagsAfter({ removeTags: ['b', 'unknown'] })).toEqual(['a', 'c', 'd'])
    expect(await tagsAfter({ addTags: ['b'], removeTags: ['a', 'd'] })).toEqual(['c', 'b'])
    expect(await tagsAfter({ addTags: ['c'], removeTags: ['c'] })).toEqual(['b', 'c'])
    expect((await patch(id, { tags: ['x'], addTags: ['y'] })).status).toBe(422)
  })

  test('never get more than a link may have', async ({ edge, patch, patchAll }) => {
    const many = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
    const { id } = await edge.create({ url, tags: many('full', 40) })
    const free = await edge.create({ url, tags: ['full0'] })
    expect(await patch(id, { addTags: many('more', 11) })).toMatchObject({
      ...{ status: 422, link: { errors: [{ path: 'addTags' }] } },
    })
    const body = { filter: { tag: 'full0' }, changes: { addTags: many('more', 11) } }
    expect(await patchAll(body)).toMatchObject({ matched: 1, changed: 1, ids: [free.id] })
    expect((await patch(id, { addTags: many('more', 11), removeTags: ['full0'] })).link.tags).toHaveLength(50)
  })

  test('are added to many links, and to none twice', async ({ edge, patchAll }) => {
    await edge.api('POST', '/links/bulk', {
      links: [
        { url, tags: ['bulk-tag'] },
        { url, tags: ['bulk-tag', 'new'] },
      ],
    })
    const body = { filter: { tag: 'bulk-tag' }, changes: { addTags: ['new'] } }
    expect(await patchAll(body)).toMatchObject({ matched: 1, changed: 1 })
    expect(await patchAll(body)).toMatchObject({ matched: 0, changed: 0 })
    const removal = { filter: { tag: 'bulk-tag' }, changes: { removeTags: ['bulk-tag'] } }
    expect(await patchAll(removal)).toMatchObject({ matched: 2, changed: 2 })
    expect(await patchAll(removal)).toMatchObject({ matched: 0, changed: 0 })
  })
})
