import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Edge, startEdge } from '../support/edge.ts'
import { recover } from '../support/recover.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let edge: Edge

beforeAll(async () => {
  stores = await startStores()
  edge = await startEdge(stores)
})

afterAll(async () => {
  await edge?.close()
  await stores?.close()
})

afterEach(() => recover(stores, edge))

const OLD = 'https://example.com/old'

/** Redis has an edit that Postgres has lost, as when a replica without its last second is promoted. */
async function lostEdit() {
  const { id, code, version } = await edge.create({ url: OLD })
  await edge.edit(id, 'https://example.com/lost')
  await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
  await stores.sql('UPDATE links SET url = $1, version = $2 WHERE id = $3', [OLD, version, id])
  await stores.sql(`SELECT setval('link_version_seq', $1)`, [version])
  expect(await register(code)()).toContain('lost')
  return { id, code }
}

const register = (code: string) => async () => stores.redis('GET', stores.registerOf(code))

test('an edit that Postgres has lost goes when its register is due to be refreshed', async () => {
  const { code } = await lostEdit()
  const text = String(await register(code)())
  await stores.redis('SET', stores.registerOf(code), text.replace(/"softExpiresAt":\d+/, '"softExpiresAt":1'))
  const later = await startEdge(stores)
  await later.follow(code)
  await expect.poll(register(code)).toContain(OLD)
  for (const each of [edge, later]) await expect.poll(() => each.follow(code)).toBe(OLD)
  await later.close()
})

test('a later edit shows, though Postgres gives it the version of the lost one', async () => {
  const { id, code } = await lostEdit()
  await edge.edit(id, 'https://example.com/new')
  await expect.poll(register(code)).toContain('/new')
  await expect.poll(() => edge.follow(code)).toBe('https://example.com/new')
})

test('links go on meanwhile: no isolate refuses what Postgres has', async () => {
  const { code } = await lostEdit()
  await stores.redis('DEL', stores.registerOf(code))
  await expect.poll(() => edge.follow(code), { timeout: 30_000 }).toBe(OLD)
}, 40_000)
