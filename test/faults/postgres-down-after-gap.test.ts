import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import { FOLLOW_CHANGES } from '../../src/redis/scripts/changes.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
import { recover } from '../support/recover.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let here: Edge
let there: Edge

beforeAll(async () => {
  stores = await startStores()
  here = await startEdge(stores)
  there = await startEdge(stores)
})

afterAll(async () => {
  await here?.close()
  await there?.close()
  await stores?.close()
})

afterEach(() => recover(stores, here, there))

/** In the memory of both, but not in Redis any more. */
async function evictedLink() {
  // Both follow the change log from before they know the link.
  const other = await here.create({ url: 'https://example.com/' })
  for (const edge of [here, there]) {
    await edge.follow(other.code)
    await edge.api('POST', '/flush')
  }
  const link = await here.create({ url: 'https://example.com/old' })
  for (const edge of [here, there]) expect(await edge.follow(link.code)).toBe('https://example.com/old')
  await there.api('POST', '/flush')
  await stores.redis('DEL', stores.registerOf(link.code))
  return link
}

test('a link that may have been edited is not served any more, while Redis is up and Postgres is down', async () => {
  const { id, code } = await evictedLink()
  await here.edit(id, 'https://example.com/new')
  await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
  // Nobody will be told of the edit.
  await stores.redis('DEL', createKeys(stores.keyPrefix).changes)
  stores.postgresFaults.inject({ kind: 'refuse' })
  const status = async () => (await there.get(`/${code}`)).status
  await expect.poll(status).toBe(503)
  for (let looks = 0; looks < 20; looks++) expect(await status()).toBe(503)
  stores.heal()
  await expect.poll(() => there.follow(code)).toBe('https://example.com/new')
})

test('a link that has not been edited goes on, since the change log says so', async () => {
  const { code } = await evictedLink()
  stores.postgresFaults.inject({ kind: 'refuse' })
  let asked = 0
  stores.redisFaults.inject({ kind: 'delay', ms: 0 }, (call) => {
    if (runs(FOLLOW_CHANGES)(call)) asked++
    return false
  })
  // HEAD is not counted: there are no hits to commit, which would bring news.
  const visit = async () => {
    expect((await there.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
    return asked
  }
  await expect.poll(visit).toBeGreaterThan(1)
})
