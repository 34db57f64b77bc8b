import { describe, expect } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import { test as base } from '../support/linkr.ts'

/** More than the change log would name. */
const LINKS = 20

const test = base
  .extend('create', ({ edge }) => async (prefix: string, mode = 'create') => {
    const links = Array.from({ length: LINKS }, (_, i) => {
      return { code: `${prefix}-${i}`, url: 'https://example.com/', tags: [prefix] }
    })
    expect((await edge.api('POST', '/links/bulk', { mode, links })).status).toBe(200)
  })
  /** What the change log has been told since it was last asked. */
  .extend('told', ({ stores }) => async () => {
    const log = createKeys(stores.keyPrefix).changes
    const entries = (await stores.redis('XRANGE', log, '-', '+')) as readonly (readonly [string, string[]])[]
    await stores.redis('XTRIM', log, 'MAXLEN', '0')
    return entries.map(([, [, text = '']]) => text)
  })
  .extend('settled', ({ stores }) => async () => {
    const left = () => stores.sql('SELECT name FROM cache_outbox')
    await expect.poll(left).toEqual([])
  })

const named = (prefix: string) => Array.from({ length: LINKS }, (_, i) => `*/${prefix}-${i}`).sort()
const namesIn = (texts: readonly string[]) =>
  texts.flatMap((text) => text.split('\n').map((line) => line.replace(/^\d+ /, ''))).sort()

describe('many links created at once', () => {
  test('are named to no isolate: none can remember them', async ({ create, told }) => {
    await told()
    await create('new')
    expect(await told()).toEqual(['+'])
  })

  test('are named when they were there before, since isolates may remember those', async ({
    edge,
    create,
    settled,
    told,
  }) => {
    await create('again')
    await edge.api('DELETE', '/links', { filter: { tag: 'again' } })
    await settled()
    await told()
    await create('again')
    expect(namesIn(await told())).toEqual(named('again'))
  })

  test('are named while a deletion of them is on its way to Redis', async ({ stores, create, told }) => {
    await told()
    await stores.sql(
      `INSERT INTO cache_outbox (name, version) SELECT '*/pending-' || n, 1 FROM generate_series(0, 19) AS n`,
    )
    await create('pending')
    expect(namesIn(await told())).toEqual(named('pending'))
  })

  test('are new again 70 minutes after they were deleted', async ({
    stores,
    edge,
    create,
    settled,
    told,
  }) => {
    await create('old')
    await edge.api('DELETE', '/links', { filter: { tag: 'old' } })
    await settled()
    await stores.sql(`UPDATE settled_edits SET settled_at = now() - interval '70 minutes'`)
    // As Redis forgets what it knew of them after a minute.
    await stores.redis('DEL', ...Array.from({ length: LINKS }, (_, i) => stores.registerOf(`old-${i}`)))
    await told()
    await create('old')
    expect(await told()).toEqual(['+'])
  })

  test('that are overwritten are edits like any other', async ({ create, settled, told }) => {
    await create('written')
    await settled()
    await told()
    await create('written', 'upsert')
    expect(namesIn(await told())).toEqual(named('written'))
  })
})
