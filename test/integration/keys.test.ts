import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { type ApiLink, codeOf, type Edge } from '../support/edge.ts'
import { test as base } from '../support/linkr.ts'

interface Key {
  readonly id: string
  readonly key: string
  readonly prefix: string
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
  readonly revokedAt: string | null
}

const url = 'https://example.com/'

const test = base
  .override('settings', { DOMAINS: 'go.example.com,other.example.com' })
  .extend('makeKey', ({ edge }) => async (fields: Record<string, unknown> = {}): Promise<Key> => {
    const response = await edge.api('POST', '/keys', {
      name: 'test',
      scopes: ['links:read', 'links:write'],
      ...fields,
    })
    expect(response.status).toBe(201)
    return (await response.json()) as Key
  })
  .extend('as', ({ edge }) => (key: string, at = edge) => {
    return (method: string, path: string, body?: unknown) =>
      at.api(method, path, body, { Authorization: `Bearer ${key}` })
  })
  .extend('listed', ({ edge }) => async (id: string): Promise<Key | undefined> => {
    const { data } = (await (await edge.api('GET', '/keys')).json()) as { data: Key[] }
    return data.find((key) => key.id === id)
  })

describe('an API key', () => {
  test('is shown once, and stored as a hash', async ({ stores, makeKey, listed }) => {
    const made = await makeKey({ name: '  CI ', scopes: ['links:read', 'links:read'], domains: ['*'] })
    expect(made).toMatchObject({ name: 'CI', scopes: ['links:read'], domains: ['*'], revokedAt: null })
    expect(made.key).toMatch(/^lk_[A-Za-z0-9]{48}$/)
    expect(made.prefix).toBe(made.key.slice(0, 11))
    expect(await listed(made.id)).toEqual(expect.not.objectContaining({ key: expect.anything() }))
    const rows = await stores.sql('SELECT * FROM api_keys')
    expect(JSON.stringify(rows)).not.toContain(made.key.slice(11))
  })

  test('does what its scopes say, and nothing else', async ({ edge, makeKey, as }) => {
    const { id } = await edge.create({ url })
    const reader = as((await makeKey({ scopes: ['links:read'] })).key)
    const writer = as((await makeKey({ scopes: ['links:write'] })).key)
    const admin = as((await makeKey({ scopes: ['admin'] })).key)
    const body = { links: [{ url }] }
    const reads = [
      ['GET', '/links'],
      ['GET', `/links/${id}`],
      ['GET', '/links/lookup?code=nope'],
      ['GET', '/domains'],
    ] as const
    const writes = [
      ['POST', '/links', { url }],
      ['PUT', '/links', { url, code: 'scoped' }],
      ['PATCH', `/links/${id}`, {}],
      ['POST', '/links/bulk', body],
      ['POST', '/links/import', body],
      ['PATCH', '/links', { ids: ['1'], changes: { enabled: true } }],
      ['DELETE', '/links', { ids: ['1'], dryRun: true }],
      ['DELETE', '/links/999999'],
    ] as const
    const operations = [
      ['GET', '/keys'],
      ['POST', '/keys', {}],
      ['DELETE', '/keys/999999'],
      ['PUT', '/domains/x.example.com', {}],
      ['DELETE', '/domains/y.example.com'],
      ['POST', '/flush'],
      ['POST', '/reconcile'],
      ['POST', '/warm'],
      ['GET', '/health'],
      ['GET', '/whatever'],
    ] as const
    const isForbidden = async (
      caller: ReturnType<typeof as>,
      calls: readonly (readonly [string, string, unknown?])[],
    ) =>
      Promise.all(
        calls.map(async ([method, path, sent]) => (await caller(method, path, sent)).status === 403),
      )
    expect(new Set(await isForbidden(reader, reads))).toEqual(new Set([false]))
    expect(new Set(await isForbidden(reader, [...writes, ...operations]))).toEqual(new Set([true]))
    expect(new Set(await isForbidden(writer, writes))).toEqual(new Set([false]))
    expect(new Set(await isForbidden(writer, [...reads, ...operations]))).toEqual(new Set([true]))
    expect(new Set(await isForbidden(admin, [...reads, ...writes, ...operations]))).toEqual(new Set([false]))
  })

  test('of one domain neither sees nor changes the links of another', async ({ edge, makeKey, as }) => {
    const mine = await edge.create({ url, domain: 'go.example.com', code: 'mine', tags: ['restricted'] })
    const theirs = await edge.create({
      url,
      domain: 'other.example.com',
      code: 'theirs',
      tags: ['restricted'],
    })
    const caller = as((await makeKey({ domains: ['GO.example.com'] })).key)
    const list = (await (await caller('GET', '/links?tag=restricted')).json()) as { data: ApiLink[] }
    expect(list.data.map(({ id }) => id)).toEqual([mine.id])
    expect((await caller('GET', `/links/${mine.id}`)).status).toBe(200)
    for (const [method, body] of [['GET'], ['PATCH', { title: 'x' }], ['DELETE']] as const) {
      expect((await caller(method, `/links/${theirs.id}`, body)).status).toBe(404)
    }
    const elsewhere = { url, domain: 'other.example.com' }
    for (const [method, path, body] of [
      ['GET', '/links?domain=other.example.com'],
      ['GET', '/links/lookup?domain=other.example.com&code=theirs'],
      ['POST', '/links', elsewhere],
      ['PUT', '/links', { ...elsewhere, code: 'theirs' }],
      ['PATCH', '/links', { filter: { domain: 'other.example.com' }, changes: { title: 'x' } }],
      ['DELETE', '/links', { filter: { domain: 'other.example.com' } }],
      ['GET', '/domains/other.example.com'],
    ] as const) {
      expect((await caller(method, path, body)).status).toBe(403)
    }
    for (const path of ['/links/bulk', '/links/import']) {
      const { results } = (await (await caller('POST', path, { links: [elsewhere] })).json()) as {
        results: object[]
      }
      expect(JSON.stringify(results)).toContain('domain_forbidden')
    }
    const chosen = { ids: [mine.id, theirs.id] }
    const edited = await caller('PATCH', '/links', { ...chosen, changes: { title: 'Edited' } })
    expect(await edited.json()).toMatchObject({ matched: 1, ids: [mine.id] })
    expect(await (await caller('DELETE', '/links', { filter: { tag: 'restricted' } })).json()).toMatchObject({
      ids: [mine.id],
    })
    expect((await edge.api('GET', `/links/${theirs.id}`)).status).toBe(200)
    // It need not say which domain it means.
    expect(await (await caller('POST', '/links', { url })).json()).toMatchObject({ domain: 'go.example.com' })
  })

  test('stops working when it expires', async ({ stores, startEdge, makeKey, as }) => {
    const { key, id } = await makeKey({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() })
    expect((await as(key)('GET', '/links')).status).toBe(200)
    await stores.sql("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1", [id])
    const fresh = await startEdge()
    expect((await as(key, fresh)('GET', '/links')).status).toBe(401)
  })

  test('stops working at once where it is revoked, and within 5 s everywhere', async ({
    edge,
    startEdge,
    makeKey,
    as,
    listed,
  }) => {
    const { key, id } = await makeKey()
    const elsewhere = await startEdge()
    expect((await as(key, elsewhere)('GET', '/links')).status).toBe(200)
    expect((await as(key)('GET', '/links')).status).toBe(200)
    const revokedAt = performance.now()
    expect((await edge.api('DELETE', `/keys/${id}`)).status).toBe(204)
    expect((await as(key)('GET', '/links')).status).toBe(401)
    while ((await as(key, elsewhere)('GET', '/links')).status !== 401) await sleep(20)
    expect(performance.now() - revokedAt).toBeLessThan(5_000)
    await elsewhere.close()
    const { revokedAt: first } = (await listed(id)) ?? {}
    expect(first).toEqual(expect.any(String))
    expect((await edge.api('DELETE', `/keys/${id}`)).status).toBe(204)
    expect((await listed(id))?.revokedAt).toBe(first)
  })

  test('is looked up once, and its use noted once, for many requests', async ({
    stores,
    makeKey,
    as,
    listed,
  }) => {
    const { key, id } = await makeKey()
    const caller = as(key)
    await caller('GET', '/domains')
    stores.postgresFaults.resetCounts()
    for (let i = 0; i < 5; i++) await caller('GET', '/domains')
    expect(stores.postgresFaults.commands.filter((sql) => sql.includes('api_keys'))).toEqual([])
    const used = async (): Promise<Key | undefined> => {
      for (let found = await listed(id); ; found = await listed(id)) if (found?.lastUsedAt) return found
    }
    expect(Date.parse((await used())?.lastUsedAt ?? '')).toBeGreaterThan(Date.now() - 60_000)
  })

  test('is not taken for wrong because Postgres is down', async ({ stores, makeKey, as }) => {
    const { key } = await makeKey()
    stores.postgresFaults.inject({ kind: 'status', status: 503 })
    expect((await as(key)('GET', '/links')).status).toBe(503)
    stores.postgresFaults.heal()
    while ((await as(key)('GET', '/links')).status === 503) await sleep(50)
    expect((await as(key)('GET', '/links')).status).toBe(200)
  })

  test.for([
    [{}, 'name'],
    [{ name: '', scopes: ['admin'] }, 'name'],
    [{ name: 'a'.repeat(101), scopes: ['admin'] }, 'name'],
    [{ name: 'a', scopes: [] }, 'scopes'],
    [{ name: 'a', scopes: ['root'] }, 'scopes.0'],
    [{ name: 'a', scopes: 'admin' }, 'scopes'],
    [{ name: 'a', scopes: ['admin'], expiresAt: '2001-01-01T00:00:00Z' }, 'expiresAt'],
    [{ name: 'a', scopes: ['links:read'], domains: [] }, 'domains'],
    [{ name: 'a', scopes: ['links:read'], domains: ['no host'] }, 'domains.0'],
    [{ name: 'a', scopes: ['admin'], domains: ['go.example.com'] }, ''],
    [{ name: 'a', scopes: ['links:read'], domains: ['*', 'unlisted.example.com'] }, 'domains.1'],
    [{ name: 'a', scopes: ['links:read'], domains: ['go.example.com:8443'] }, 'domains.0'],
    [{ name: 'a', scopes: ['admin'], key: 'lk_x' }, 'key'],
  ] as const)('cannot be made of %j', async ([body, path], { edge }) => {
    const response = await edge.api('POST', '/keys', body)
    const { errors } = (await response.json()) as { errors: { path: string }[] }
    expect([response.status, errors.map((error) => error.path)]).toEqual([
      422,
      expect.arrayContaining([path]),
    ])
  })

  test('that may only write learns nothing about links that were there before', async ({
    edge,
    makeKey,
    as,
  }) => {
    const secret = { url: 'https://example.com/secret', title: 'Secret', tags: ['hidden'] }
    const { id, code } = await edge.create(secret)
    const writer = as((await makeKey({ scopes: ['links:write'] })).key)
    const read = async (method: string, path: string, body: unknown): Promise<string> => {
      const response = await writer(method, path, body)
      expect([method, path, response.status]).toEqual([method, path, 200])
      return response.text()
    }
    const written = { id, version: expect.any(Number) }
    expect(JSON.parse(await read('PATCH', `/links/${id}`, { enabled: true }))).toEqual(written)
    expect(JSON.parse(await read('PUT', '/links', { url, code }))).toEqual(written)
    const upsert = { mode: 'upsert', links: [{ url, code }] }
    expect(JSON.parse(await read('POST', '/links/bulk', upsert))).toEqual({
      results: [{ index: 0, outcome: 'updated', link: written }],
    })
    const filter = { q: code }
    const changes = { enabled: false }
    const counted = { matched: 1, ids: [], more: false }
    expect(JSON.parse(await read('PATCH', '/links', { filter, changes, dryRun: true }))).toEqual({
      changed: 0,
      ...counted,
    })
    expect(JSON.parse(await read('DELETE', '/links', { filter, dryRun: true }))).toEqual({
      deleted: 0,
      ...counted,
    })
    const edited = { changed: 1, matched: 1, ids: [id], more: false }
    expect(JSON.parse(await read('PATCH', '/links', { filter, changes }))).toEqual(edited)
    const imported = await writer('POST', '/links/import', { links: [{ ...secret, code }] })
    expect(await imported.json()).toEqual({ results: [{ index: 0, outcome: 'skipped', code }] })
    // What it has made itself it may see: otherwise no client would know the code.
    const made = await writer('POST', '/links', { url })
    expect(await made.json()).toMatchObject({ url, code: expect.any(String), hits: 0 })
  })

  test('cannot make an edit that changes nothing', async ({ edge }) => {
    const { id } = await edge.create({ url })
    expect((await edge.api('PATCH', `/links/${id}`, {})).status).toBe(422)
  })

  test('restores totals only as an admin, and none beyond a trillion', async ({ stores, makeKey, as }) => {
    const links = [{ url, code: 'restored', hits: 5 }]
    const body = { onConflict: 'restore', links }
    for (const fields of [{}, { domains: ['*'] }, { scopes: ['links:write'] }]) {
      stores.redisFaults.resetCounts()
      const caller = as((await makeKey(fields)).key)
      for (const dryRun of [false, true]) {
        const response = await caller('POST', '/links/import', { ...body, dryRun })
        expect([response.status, await codeOf(response)]).toEqual([403, 'scope_missing'])
      }
      expect(stores.redisFaults.commands.filter((name) => name === 'EVAL')).toEqual([])
    }
    const admin = as((await makeKey({ scopes: ['admin'] })).key)
    const outcome = async (hits: number) =>
      (await admin('POST', '/links/import', { ...body, links: [{ ...links[0], hits }] })).text()
    expect(await outcome(1e12 + 1)).toContain('"rejected"')
    expect(await outcome(1e12)).toContain('"created"')
  })

  test('never lives longer than the key that made it, and says which one that was', async ({
    makeKey,
    as,
    listed,
  }) => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const maker = await makeKey({ scopes: ['admin'], expiresAt })
    expect(await listed(maker.id)).toMatchObject({ createdBy: 'admin' })
    const make = (fields: object) =>
      as(maker.key)('POST', '/keys', { name: 'a', scopes: ['admin'], ...fields })
    const later = new Date(Date.now() + 3_700_000).toISOString()
    for (const beyond of [null, later]) {
      const refused = await make({ expiresAt: beyond })
      expect([refused.status, await refused.text()]).toEqual([
        422,
        expect.stringContaining('your own key expires'),
      ])
    }
    expect(await (await make({})).json()).toMatchObject({ expiresAt, createdBy: maker.id })
    const sooner = new Date(Date.now() + 60_000).toISOString()
    expect(await (await make({ expiresAt: sooner })).json()).toMatchObject({ expiresAt: sooner })

    const forever = await makeKey()
    const rotated = await as(maker.key)('POST', `/keys/${forever.id}/rotate`)
    expect([rotated.status, await codeOf(rotated)]).toEqual([403, 'key_would_outlive'])
    expect((await as(forever.key)('GET', '/links')).status).toBe(200)
  })

  test('is rotated: the new one may do the same, and the old one ends at once or after a while', async ({
    edge,
    makeKey,
    as,
    listed,
  }) => {
    const fields = { scopes: ['links:read'], domains: ['go.example.com'], name: 'CI' }
    const old = await makeKey({ ...fields, expiresAt: new Date(Date.now() + 3_600_000).toISOString() })
    expect((await as(old.key)('GET', '/links')).status).toBe(200)
    const first = await edge.api('POST', `/keys/${old.id}/rotate`, { overlapSeconds: 3600 })
    expect(first.status).toBe(201)
    const next = (await first.json()) as Key
    expect(next).toMatchObject({ ...fields, createdBy: 'admin', key: expect.stringMatching(/^lk_/) })
    expect((await listed(next.id))?.expiresAt).toBe(old.expiresAt)
    for (const { key } of [old, next]) expect((await as(key)('GET', '/links')).status).toBe(200)

    const last = (await (await edge.api('POST', `/keys/${next.id}/rotate`)).json()) as Key
    expect((await as(next.key)('GET', '/links')).status).toBe(401)
    expect((await as(last.key)('GET', '/links')).status).toBe(200)

    const ended = await edge.api('POST', `/keys/${next.id}/rotate`)
    expect([ended.status, await codeOf(ended)]).toEqual([409, 'key_not_active'])
    expect((await edge.api('POST', '/keys/999999/rotate')).status).toBe(404)
    expect((await edge.api('POST', `/keys/${last.id}/rotate`, { overlapSeconds: 604_801 })).status).toBe(422)
    expect((await as(last.key)('POST', `/keys/${last.id}/rotate`)).status).toBe(403)
  })

  test('that never expires stays one that never expires when it is rotated', async ({
    edge,
    makeKey,
    listed,
  }) => {
    const old = await makeKey()
    const overlap = await edge.api('POST', `/keys/${old.id}/rotate`, { overlapSeconds: 60 })
    expect(await overlap.json()).toMatchObject({ expiresAt: null })
    const { expiresAt } = (await listed(old.id)) ?? {}
    expect(Date.parse(expiresAt ?? '')).toBeLessThanOrEqual(Date.now() + 60_000)
  })

  test.for(['0', 'x', '99999999999999999999', '%00'])('with the id %s is none', async (id, { edge }) => {
    expect(await codeOf(await edge.api('DELETE', `/keys/${id}`))).toBe('key_not_found')
  })
})

describe('rate limits', () => {
  /** As Cloudflare would say where a request comes from. */
  const from = (address: string, at: Edge) => async (authorization: string) =>
    at.get('/api/links', { headers: { 'CF-Connecting-IP': address, Authorization: authorization } })
  const oldKey = (i: number): string => `Bearer lk_${String(i).padStart(40, '0')}`

  test('take all addresses of one IPv6 network for one', async ({ stores, startEdge }) => {
    const limited = await startEdge({}, { FAILED_AUTH_LIMITER: 5 })
    const statuses = []
    for (let i = 0; i < 12; i++) {
      statuses.push((await from(`2001:db8:1:2:${i.toString(16)}::${i}`, limited)(oldKey(i))).status)
    }
    expect(statuses.at(-1)).toBe(429)
    stores.postgresFaults.resetCounts()
    expect((await from('2001:db8:1:2:ffff::1', limited)(oldKey(99))).status).toBe(429)
    expect(stores.postgresFaults.requests).toBe(0)
    expect((await from('2001:db8:1:3::1', limited)(oldKey(99))).status).toBe(401)
  })

  test('are not even needed for keys that were made up: their checksum is wrong', async ({
    stores,
    edge,
  }) => {
    const guesser = from('203.0.113.3', edge)
    await edge.api('GET', '/links')
    stores.postgresFaults.resetCounts()
    for (let i = 0; i < 5; i++) {
      expect((await guesser(`Bearer lk_${String(i).padStart(48, '0')}`)).status).toBe(401)
    }
    expect(stores.postgresFaults.requests).toBe(0)
  })

  test('stop an address that keeps failing, before it reaches Postgres, but not its good keys', async ({
    stores,
    startEdge,
    makeKey,
    as,
  }) => {
    const limited = await startEdge({}, { FAILED_AUTH_LIMITER: 5 })
    const { key } = await makeKey()
    const guess = (i: number) => as(`lk_${String(i).padStart(40, '0')}`, limited)('GET', '/links')
    expect((await as(key, limited)('GET', '/links')).status).toBe(200)
    const statuses = []
    for (let i = 0; i < 12; i++) statuses.push((await guess(i)).status)
    expect(statuses.slice(0, 5)).toEqual(Array(5).fill(401))
    expect(statuses.slice(-2)).toEqual([429, 429])
    stores.postgresFaults.resetCounts()
    const refused = await guess(99)
    expect([refused.status, refused.headers.get('retry-after'), await codeOf(refused)]).toEqual([
      ...[429, '60', 'too_many_failures'],
    ])
    expect(stores.postgresFaults.requests).toBe(0)
    expect((await as(key, limited)('GET', '/links')).status).toBe(200)
    expect((await limited.api('GET', '/links')).status).toBe(200)
  })

  test('stop a key that writes too often, and no other key', async ({ startEdge, makeKey, as }) => {
    const limited = await startEdge({}, { WRITE_LIMITER: 3 })
    const busy = as((await makeKey()).key, limited)
    const answers = []
    // The minute may turn in between, and then the count begins anew.
    for (let i = 0; i < 9; i++) answers.push(await busy('POST', '/links', { url }))
    const refused = answers.find(({ status }) => status === 429)
    expect([refused?.headers.get('retry-after'), refused && (await codeOf(refused))]).toEqual([
      '60',
      'rate_limited',
    ])
    expect((await busy('GET', '/links')).status).toBe(200)
    expect((await as((await makeKey()).key, limited)('POST', '/links', { url })).status).toBe(201)
  })
})
