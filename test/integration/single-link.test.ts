import { describe, expect } from 'vitest'
import { type ApiLink, codeOf } from '../support/edge.ts'
import { test as base } from '../support/linkr.ts'

const url = 'https://example.com/'

const test = base
  .override('settings', { DOMAINS: 'go.example.com' })
  .extend('post', ({ edge }) => (key: string, body: unknown, path = '/links') => {
    return edge.api('POST', path, body, { 'Idempotency-Key': key })
  })

describe('PUT /links', () => {
  test('creates a link, or replaces all of the one that is there', async ({ edge }) => {
    const created = await edge.api('PUT', '/links', {
      url,
      code: 'put',
      title: 'Old',
      tags: ['a'],
      status: 301,
    })
    const link = (await created.json()) as ApiLink
    expect([created.status, created.headers.get('location')]).toEqual([201, `/api/links/${link.id}`])
    expect(await edge.follow('put')).toBe(url)
    const replaced = await edge.api('PUT', '/links', { url: `${url}2`, code: 'put' })
    const now = (await replaced.json()) as ApiLink
    expect(replaced.status).toBe(200)
    const defaults = { title: null, tags: [], status: 302 }
    expect(now).toMatchObject({ id: link.id, url: `${url}2`, createdAt: link.createdAt, ...defaults })
    expect(now.version).toBeGreaterThan(link.version)
    expect(await edge.follow('put')).toBe(`${url}2`)
  })

  test('keeps the hits of the link that it replaces', async ({ stores, edge }) => {
    const { id } = await edge.create({ url, code: 'put-hits' })
    await stores.sql('UPDATE link_hits SET hits = 5 WHERE link_id = $1', [id])
    await stores.redis('HSET', `${stores.keyPrefix}v1:hits`, '#', 'put-hits', id, '2')
    const replaced = await edge.api('PUT', '/links', { url, code: 'put-hits' })
    expect(await replaced.json()).toMatchObject({ id, hits: 7 })
  })

  test('keeps domains apart, and needs a code', async ({ edge }) => {
    await edge.create({ url, code: 'apart' })
    expect((await edge.api('PUT', '/links', { url, code: 'apart', domain: 'go.example.com' })).status).toBe(
      201,
    )
    expect((await edge.api('PUT', '/links', { url })).status).toBe(422)
  })
})

describe('If-Match', () => {
  test('lets an edit through that knows the version, and no other', async ({ edge }) => {
    const created = await edge.api('POST', '/links', { url })
    const tag = created.headers.get('etag') ?? ''
    const { id, version } = (await created.json()) as ApiLink
    expect(tag).toBe(`"${version}"`)
    const edit = (ifMatch: string) =>
      edge.api('PATCH', `/links/${id}`, { title: ifMatch }, { 'If-Match': ifMatch })
    const edited = await edit(tag)
    expect(edited.status).toBe(200)
    const stale = await edit(tag)
    expect([stale.status, await codeOf(stale)]).toEqual([412, 'version_mismatch'])
    for (const wrong of ['"0"', 'W/"1"', 'x', '', `${edited.headers.get('etag')?.replaceAll('"', '')}`]) {
      if (wrong !== '') expect((await edit(wrong)).status).toBe(412)
    }
    expect((await edit(`"1", ${edited.headers.get('etag')}`)).status).toBe(200)
    expect((await edit('*')).status).toBe(200)
    expect((await edge.api('DELETE', `/links/${id}`, undefined, { 'If-Match': tag })).status).toBe(412)
    const current = (await edge.api('GET', `/links/${id}`)).headers.get('etag') ?? ''
    expect((await edge.api('DELETE', `/links/${id}`, undefined, { 'If-Match': current })).status).toBe(204)
    expect((await edit(current)).status).toBe(404)
  })

  test('lets one of many concurrent edits through', async ({ edge }) => {
    const { id, version } = await edge.create({ url })
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        edge.api('PATCH', `/links/${id}`, { title: `${i}` }, { 'If-Match': `"${version}"` }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)])
  })
})

describe('Idempotency-Key', () => {
  test('repeats the answer instead of the request', async ({ post }) => {
    const first = await post('twice', { url })
    const again = await post('twice', { url })
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([
      null,
      'true',
    ])
    for (const name of ['etag', 'location', 'content-type']) {
      expect(again.headers.get(name)).toBe(first.headers.get(name))
    }
    expect([again.status, await again.text()]).toEqual([201, await first.text()])
  })

  test('creates one link of many concurrent requests', async ({ stores, post }) => {
    const body = { url: `${url}concurrent-once` }
    const answers = await Promise.all(Array.from({ length: 10 }, () => post('concurrent', body)))
    const made = answers.filter(({ status }) => status === 201)
    const waiting = await Promise.all(answers.filter(({ status }) => status !== 201).map(codeOf))
    expect(made.length).toBeGreaterThan(0)
    expect(new Set(waiting).size).toBeLessThan(2)
    if (waiting.length > 0) expect(waiting[0]).toBe('idempotency_in_progress')
    const links = await stores.sql('SELECT FROM links WHERE url = $1', [body.url])
    expect(links).toHaveLength(1)
  })

  test('belongs to one body, one route and one caller', async ({ edge, post }) => {
    await post('one-body', { url })
    const other = await post('one-body', { url: `${url}other` })
    expect([other.status, await codeOf(other)]).toEqual([422, 'idempotency_key_reused'])
    expect((await post('one-body', { links: [{ url }] }, '/links/bulk')).status).toBe(422)
    const { key } = (await (
      await edge.api('POST', '/keys', { name: 'another', scopes: ['links:write'] })
    ).json()) as { key: string }
    const elsewhere = await edge.api(
      'POST',
      '/links',
      { url: `${url}other` },
      {
        'Idempotency-Key': 'one-body',
        Authorization: `Bearer ${key}`,
      },
    )
    expect(elsewhere.status).toBe(201)
  })

  test('keeps a refusal too, but not an outage', async ({ stores, edge, post }) => {
    await edge.create({ url, code: 'idempotent-taken' })
    const refused = await post('refused', { url, code: 'idempotent-taken' })
    const again = await post('refused', { url, code: 'idempotent-taken' })
    expect([refused.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([
      409,
      409,
      'true',
    ])
    stores.postgresFaults.inject({ kind: 'status', status: 400 }, ({ commands }) =>
      commands.some((sql) => /insert into "links"/i.test(sql)),
    )
    const failed = await post('outage', { url })
    stores.postgresFaults.heal()
    expect(failed.status).toBeGreaterThanOrEqual(500)
    expect((await post('outage', { url })).status).toBe(201)
  })

  test('is free again once its day is over, or when its request was lost', async ({ stores, post }) => {
    const age = (key: string, interval: string) =>
      stores.sql(`UPDATE idempotent_answers SET created_at = now() - $2::interval WHERE key = $1`, [
        key,
        interval,
      ])
    const { id } = (await (await post('old', { url })).json()) as ApiLink
    await age('old', '25 hours')
    expect(((await (await post('old', { url: `${url}new` })).json()) as ApiLink).id).not.toBe(id)
    await post('lost', { url })
    await stores.sql(`UPDATE idempotent_answers SET status = NULL WHERE key = 'lost'`)
    expect(await codeOf(await post('lost', { url }))).toBe('idempotency_in_progress')
    await age('lost', '2 minutes')
    expect((await post('lost', { url })).status).toBe(201)
  })

  test.for(['', 'a'.repeat(256), 'caf\u00e9'])(
    'must be 1 to 255 printable characters: %j',
    async (key, { post }) => {
      expect((await post(key, { url })).status).toBe(422)
    },
  )
})
