import { describe, expect } from 'vitest'
import { PUBLISH } from '../../src/redis/scripts/registers.ts'
import { ADMIN_TOKEN, type ApiLink } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
import { test as base } from '../support/linkr.ts'

interface Result {
  readonly index: number
  readonly outcome: string
  readonly code?: string
  readonly problem?: string
  readonly id?: string
  readonly link?: ApiLink
  readonly errors?: readonly { path: string }[]
}

const url = 'https://example.com/'

const test = base
  .override('settings', { DOMAINS: 'go.example.com' })
  .extend('send', ({ edge }) => async (path: 'bulk' | 'import', body: unknown) => {
    const response = await edge.api('POST', `/links/${path}`, body)
    expect(response.status).toBe(200)
    return ((await response.json()) as { results: readonly Result[] }).results
  })
  .extend('make', ({ send }) => (prefix: string, count: number) => {
    const links = Array.from({ length: count }, (_, i) => ({ url, code: `${prefix}-${i}`, tags: [prefix] }))
    return send('bulk', { links })
  })
  .extend('edit', ({ edge }) => async (method: 'PATCH' | 'DELETE', body: unknown) => {
    const response = await edge.api(method, '/links', body)
    expect(response.status).toBe(200)
    return (await response.json()) as {
      matched: number
      changed?: number
      deleted?: number
      ids: string[]
      more: boolean
    }
  })

const outcomes = (results: readonly Result[]) => results.map(({ outcome }) => outcome)

describe('POST /links/bulk', () => {
  test('creates what can be created, and says of each of the others why not', async ({ edge, send }) => {
    await edge.create({ url, code: 'bulk-taken' })
    const results = await send('bulk', {
      links: [
        { url: `${url}1`, code: 'bulk-1', tags: ['bulk'] },
        { url: 'nonsense' },
        { url, code: 'bulk-taken' },
        { url, code: 'bulk-1' },
        { url },
        'text',
        null,
        { url, code: 'bulk-1', domain: 'go.example.com' },
        { url, colour: 'red' },
      ],
    })
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    const [created, rejected] = ['created', 'rejected']
    expect(outcomes(results)).toEqual([
      created,
      rejected,
      rejected,
      rejected,
      created,
      rejected,
      rejected,
      created,
      rejected,
    ])
    expect(results[0]?.link).toMatchObject({
      code: 'bulk-1',
      hits: 0,
      tags: ['bulk'],
      shortUrl: `${edge.url}/bulk-1`,
    })
    expect(results[1]).toMatchObject({ code: 'invalid_request', errors: [{ path: 'url' }] })
    expect([results[2]?.code, results[3]?.code]).toEqual(['code_taken', 'code_taken'])
    expect(results[8]?.errors?.[0]?.path).toBe('colour')
    expect(await edge.follow('bulk-1')).toBe(`${url}1`)
  })

  test('upserts, and of two items with one code the last one stays', async ({ edge, send }) => {
    const { id } = await edge.create({ url, code: 'bulk-upsert', title: 'Old' })
    expect(await edge.follow('bulk-upsert')).toBe(url)
    const results = await send('bulk', {
      mode: 'upsert',
      links: [
        { url: `${url}first`, code: 'bulk-upsert' },
        { url: `${url}new`, code: 'bulk-upsert-new' },
        { url: `${url}last`, code: 'bulk-upsert' },
      ],
    })
    expect(outcomes(results)).toEqual(['updated', 'created', 'updated'])
    expect(results[2]?.link).toMatchObject({ id, url: `${url}last`, title: null })
    expect(await edge.follow('bulk-upsert')).toBe(`${url}last`)
  })

  test('is seen at once where the codes were known not to exist', async ({ edge, send }) => {
    const codes = Array.from({ length: 150 }, (_, i) => `bulk-absent-${i}`)
    expect((await edge.get(`/${codes[0]}`)).status).toBe(404)
    await send('bulk', { links: codes.map((code) => ({ url, code })) })
    expect(await edge.follow(`${codes[0]}`)).toBe(url)
  })

  test('costs one SQL statement and one Redis round trip, and does not fill Redis', async ({
    stores,
    edge,
    send,
  }) => {
    let published = 0
    const isPublication = runs(PUBLISH)
    stores.redisFaults.inject({ kind: 'delay', ms: 0 }, (call) => {
      if (isPublication(call)) published++
      return false
    })
    stores.postgresFaults.resetCounts()
    const links = Array.from({ length: 1000 }, (_, i) => ({ url, code: `thousand-${i}`, status: 302 }))
    const results = await send('bulk', { links })
    stores.redisFaults.heal()
    expect(new Set(outcomes(results))).toEqual(new Set(['created']))
    const writes = stores.postgresFaults.commands.filter((sql) => sql.includes('INSERT INTO "links"'))
    expect([writes.length, published]).toEqual([1, 1])
    expect(await stores.redis('EXISTS', stores.registerOf('thousand-1'))).toBe(0)
    expect(await edge.follow('thousand-999')).toBe(url)
  })

  test.for([
    [{ links: [] }, 'links'],
    [{ links: Array(1001).fill({ url }) }, 'links'],
    [{ links: {} }, 'links'],
    [{}, 'links'],
    [{ links: [{ url }], mode: 'replace' }, 'mode'],
    [{ links: [{ url }], more: 1 }, 'more'],
  ] as const)('refuses what is no batch at all', async ([body, path], { edge }) => {
    const response = await edge.api('POST', '/links/bulk', body)
    expect([response.status, await response.json()]).toMatchObject([422, { errors: [{ path }] }])
  })

  test('takes 4 MiB and no more', async ({ edge }) => {
    const padding = ' '.repeat(4 * 1024 * 1024)
    const send = (body: string) =>
      edge.get('/api/links/bulk', {
        method: 'POST',
        headers: { Authorization: `Bearer ${ADMIN_TOKEN}` },
        body,
      })
    // The answer does not wait for the body, which may cost the client that still sends it its connection.
    const tooMuch = await send(`${padding}{}`).then(
      ({ status }) => status,
      () => 'cut off',
    )
    expect([413, 'cut off']).toContain(tooMuch)
    expect((await send(`${padding.slice(10)}{}`)).status).toBe(422)
    const long = await edge.api('POST', '/links/bulk', {
      links: [{ url, title: 'x'.repeat(1_000_000) }, { url }],
    })
    const { results } = (await long.json()) as { results: Result[] }
    expect(outcomes(results)).toEqual(['rejected', 'created'])
  })
})

describe('POST /links/import', () => {
  test('keeps creation times and hits, and importing twice doubles nothing', async ({
    stores,
    edge,
    send,
  }) => {
    const links = [{ url, code: 'aged', createdAt: '2015-03-04T05:06:07.000Z', hits: 1234 }]
    const [created] = await send('import', { links })
    expect(created).toMatchObject({ outcome: 'created', code: 'aged' })
    const read = async () => (await edge.api('GET', `/links/${created?.id}`)).json()
    expect(await read()).toMatchObject({ hits: 1234, createdAt: '2015-03-04T05:06:07.000Z' })
    expect(outcomes(await send('import', { links }))).toEqual(['skipped'])
    for (let i = 0; i < 2; i++) {
      expect(outcomes(await send('import', { onConflict: 'overwrite', links }))).toEqual(['updated'])
    }
    await stores.sql('UPDATE link_hits SET hits = 3 WHERE link_id = $1', [created?.id])
    expect(await read()).toMatchObject({ hits: 1237, createdAt: '2015-03-04T05:06:07.000Z' })
  })

  test('overwrites age and hits only where the import has them', async ({ edge, send }) => {
    const [first] = await send('import', {
      links: [{ url, code: 'kept', createdAt: '2015-01-01T00:00:00Z', hits: 9 }],
    })
    await send('import', { onConflict: 'overwrite', links: [{ url: `${url}2`, code: 'kept' }] })
    expect(await (await edge.api('GET', `/links/${first?.id}`)).json()).toMatchObject({
      ...{ url: `${url}2`, hits: 9, createdAt: '2015-01-01T00:00:00.000Z' },
    })
  })

  test('takes links that have expired', async ({ edge, send }) => {
    const links = [{ url, code: 'long-gone', expiresAt: '2001-01-01T00:00:00Z' }]
    expect(outcomes(await send('import', { links }))).toEqual(['created'])
    expect((await edge.get('/long-gone')).status).toBe(410)
  })

  test('does with a taken code what it is told to', async ({ edge, send }) => {
    const item = { url: `${url}imported`, code: 'wanted' }
    await edge.create({ url, code: 'wanted' })
    expect(await send('import', { onConflict: 'fail', links: [item, { url }] })).toMatchObject([
      { outcome: 'rejected', problem: 'code_taken' },
      { outcome: 'created' },
    ])
    expect(await send('import', { onConflict: 'skip', links: [item] })).toMatchObject([
      { outcome: 'skipped' },
    ])
    expect(await edge.follow('wanted')).toBe(url)
    await edge.create({ url, code: 'wanted-3' })
    const renamed = await send('import', { onConflict: 'rename', links: [item, item, { url, code: 'free' }] })
    expect(renamed.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['renamed', 'wanted-2'],
      ['renamed', 'wanted-4'],
      ['created', 'free'],
    ])
    expect(await edge.follow('wanted-4')).toBe(item.url)
    expect(await send('import', { onConflict: 'overwrite', links: [item] })).toMatchObject([
      { outcome: 'updated' },
    ])
    expect(await edge.follow('wanted')).toBe(item.url)
  })

  test('changes nothing in a dry run, and foresees what would happen', async ({ edge, send }) => {
    await edge.create({ url, code: 'dry-taken' })
    const links = [{ url, code: 'dry-taken' }, { url, code: 'dry' }, { url, code: 'dry' }, { url: 'x' }]
    const updated = 'updated'
    const foreseen = {
      skip: 'skipped',
      overwrite: updated,
      restore: updated,
      fail: 'rejected',
      rename: 'renamed',
    }
    for (const [onConflict, taken] of Object.entries(foreseen)) {
      const results = await send('import', { onConflict, dryRun: true, links })
      expect(outcomes(results)).toEqual([taken, 'created', taken, 'rejected'])
    }
    expect((await edge.get('/dry')).status).toBe(404)
  })

  test('rejects what no link can have had', async ({ send }) => {
    const results = await send('import', {
      links: [
        { url, createdAt: '2999-01-01T00:00:00Z' },
        { url, hits: -1 },
        { url, hits: 1.5 },
        { url, hits: 1e16 },
        { url, createdAt: 'yesterday' },
        { url, createdAt: '0000-01-01T00:00:00Z' },
        { url, expiresAt: '9999-12-31T23:59:59-01:00' },
      ],
    })
    expect(results.map(({ errors }) => errors?.[0]?.path)).toEqual([
      'createdAt',
      'hits',
      'hits',
      'hits',
      'createdAt',
      'createdAt',
      'expiresAt',
    ])
  })
})

describe('a bulk edit', () => {
  test('changes the links that match, everywhere, and says which', async ({ edge, make, edit }) => {
    const made = await make('many', 5)
    expect(await edge.follow('many-1')).toBe(url)
    const dry = await edit('PATCH', { filter: { tag: 'many' }, changes: { enabled: false }, dryRun: true })
    expect([dry.matched, dry.changed, dry.ids.length]).toEqual([5, 0, 5])
    expect(await edge.follow('many-1')).toBe(url)
    const ids = made.slice(0, 2).map(({ link }) => link?.id ?? '')
    const some = await edit('PATCH', {
      ids: [...ids, '999999999'],
      changes: { url: `${url}changed`, title: null },
    })
    expect(some).toEqual({ matched: 2, changed: 2, ids: expect.arrayContaining(ids), more: false })
    expect(await edge.follow('many-1')).toBe(`${url}changed`)
    const all = await edit('PATCH', { filter: { tag: ['many'], q: 'many' }, changes: { enabled: false } })
    expect([all.matched, all.changed]).toEqual([5, 5])
    expect((await edge.get('/many-1')).status).toBe(404)
    expect(await edit('PATCH', { filter: { tag: 'many' }, changes: { enabled: false } })).toMatchObject({
      matched: 0,
    })
  })

  test.for([
    ['addTags', { addTags: [] }],
    ['removeTags', { removeTags: [] }],
    ['addTags and removeTags', { addTags: [], removeTags: [] }],
  ] as const)('with nothing in %s changes nothing', async ([, changes], { edit, make }) => {
    const [made] = await make(`as-it-is-${Object.keys(changes).join('-')}`, 1)
    const ids = [made?.link?.id ?? '']
    const nothing = { matched: 0, changed: 0, ids: [], more: false }
    expect(await edit('PATCH', { ids, changes })).toEqual(nothing)
    expect(await edit('PATCH', { ids, changes, dryRun: true })).toEqual(nothing)
    const withTitle = await edit('PATCH', { ids, changes: { ...changes, title: 'Changed' } })
    expect(withTitle).toMatchObject({ matched: 1, changed: 1 })
  })

  test('works through a thousand at a time, until there are none left', async ({ stores, edit }) => {
    await stores.sql(`INSERT INTO links (domain, code, url, tags)
      SELECT '*', 'lots-' || i, 'https://example.com/', '{lots}' FROM generate_series(1, 1500) AS i`)
    const changes = {
      title: 'Changed',
      tags: ['lots', 'changed'],
      expiresAt: '2999-01-01T00:00:00Z',
      status: 307,
    }
    const first = await edit('PATCH', { filter: { tag: 'lots' }, changes })
    expect([first.matched, first.changed, first.more]).toEqual([1500, 1000, true])
    const second = await edit('PATCH', { filter: { tag: 'lots' }, changes })
    expect([second.matched, second.changed, second.more]).toEqual([500, 500, false])
    const deleted = []
    for (let more = true; more; ) {
      const answer = await edit('DELETE', { filter: { tag: 'lots' } })
      deleted.push(answer.deleted)
      more = answer.more
    }
    expect(deleted).toEqual([1000, 500])
  })

  test('deletes by ids, at once for every visitor', async ({ edge, make, edit }) => {
    const made = await make('doomed', 3)
    expect(await edge.follow('doomed-0')).toBe(url)
    const ids = made.slice(0, 2).map(({ link }) => link?.id ?? '')
    expect(await edit('DELETE', { ids, dryRun: true })).toMatchObject({ matched: 2, deleted: 0 })
    expect(await edit('DELETE', { ids })).toMatchObject({ matched: 2, deleted: 2, more: false })
    expect((await edge.get('/doomed-0')).status).toBe(404)
    expect(await edge.follow('doomed-2')).toBe(url)
  })

  test.for([
    [{}],
    [{ filter: {} }],
    [{ ids: [] }],
    [{ ids: ['x'] }],
    [{ ids: ['1'], filter: { tag: 'a' } }],
    [{ filter: { colour: 'red' } }],
  ] as const)('must say which links it means: %j', async ([chosen], { edge }) => {
    expect((await edge.api('DELETE', '/links', chosen)).status).toBe(422)
    expect((await edge.api('PATCH', '/links', { ...chosen, changes: { enabled: true } })).status).toBe(422)
  })

  test('must change something', async ({ edge }) => {
    expect((await edge.api('PATCH', '/links', { ids: ['1'], changes: {} })).status).toBe(422)
    expect((await edge.api('PATCH', '/links', { ids: ['1'] })).status).toBe(422)
  })

  test('meets others that write the same links without an error', async ({ edge, make }) => {
    await make('crowd', 60)
    const links = Array.from({ length: 60 }, (_, i) => ({
      url: `${url}${i}`,
      code: `crowd-${59 - i}`,
      tags: ['crowd'],
    }))
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        i % 2 === 0
          ? edge.api('POST', '/links/bulk', { mode: 'upsert', links })
          : edge.api('PATCH', '/links', { filter: { tag: 'crowd' }, changes: { title: `Title ${i}` } }),
      ),
    )
    for (const { status } of answers) expect(status).toBe(200)
  })
})
