import { expect } from 'vitest'
import { test as base } from '../support/fault-test.ts'

const OLD = 'https://example.com/old'

const test = base
  /** Redis has an edit that Postgres has lost, as when a replica without its last second is promoted. */
  .extend('lostEdit', ({ stores, edge }) => async () => {
    const { id, code, version } = await edge.create({ url: OLD })
    await edge.edit(id, 'https://example.com/lost')
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await stores.sql('UPDATE links SET url = $1, version = $2 WHERE id = $3', [OLD, version, id])
    await stores.sql(`SELECT setval('link_version_seq', $1)`, [version])
    expect(await stores.register(code)).toContain('lost')
    return { id, code }
  })

test('an edit that Postgres has lost goes when its register is due to be refreshed', async ({
  stores,
  edge,
  startEdge,
  lostEdit,
}) => {
  const { code } = await lostEdit()
  const text = String(await stores.register(code))
  await stores.redis('SET', stores.registerOf(code), text.replace(/"softExpiresAt":\d+/, '"softExpiresAt":1'))
  const later = await startEdge()
  await later.follow(code)
  await expect.poll(() => stores.register(code)).toContain(OLD)
  for (const each of [edge, later]) await expect.poll(() => each.follow(code)).toBe(OLD)
})

test('a later edit shows, though Postgres gives it the version of the lost one', async ({
  stores,
  edge,
  lostEdit,
}) => {
  const { id, code } = await lostEdit()
  await edge.edit(id, 'https://example.com/new')
  await expect.poll(() => stores.register(code)).toContain('/new')
  await expect.poll(() => edge.follow(code)).toBe('https://example.com/new')
})

test('links go on meanwhile: no isolate refuses what Postgres has', async ({ stores, edge, lostEdit }) => {
  const { code } = await lostEdit()
  await stores.redis('DEL', stores.registerOf(code))
  await expect.poll(() => edge.follow(code), { timeout: 30_000 }).toBe(OLD)
}, 40_000)
