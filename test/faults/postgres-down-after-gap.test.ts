import { expect } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import { FOLLOW_CHANGES } from '../../src/redis/scripts/changes.ts'
import { test as base } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'

const test = base
  /** In the memory of both, but not in Redis any more. */
  .extend('evictedLink', ({ stores, edge, elsewhere }) => async () => {
    // Both follow the change log from before they know the link.
    const other = await edge.create({ url: 'https://example.com/' })
    for (const at of [edge, elsewhere]) {
      await at.follow(other.code)
      await at.flush()
    }
    const link = await edge.create({ url: 'https://example.com/old' })
    for (const at of [edge, elsewhere]) expect(await at.follow(link.code)).toBe('https://example.com/old')
    await elsewhere.flush()
    await stores.redis('DEL', stores.registerOf(link.code))
    return link
  })

test('a link that may have been edited is not served any more, while Redis is up and Postgres is down', async ({
  stores,
  edge,
  elsewhere,
  evictedLink,
}) => {
  const { id, code } = await evictedLink()
  await edge.edit(id, 'https://example.com/new')
  await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
  // No isolate will be told of the edit.
  await stores.redis('DEL', createKeys(stores.keyPrefix).changes)
  stores.postgresFaults.inject({ kind: 'refuse' })
  const status = async () => (await elsewhere.get(`/${code}`)).status
  await expect.poll(status).toBe(503)
  for (let looks = 0; looks < 20; looks++) expect(await status()).toBe(503)
  stores.heal()
  await expect.poll(() => elsewhere.follow(code)).toBe('https://example.com/new')
})

test('a link that has not been edited goes on, since the change log says so', async ({
  stores,
  elsewhere,
  evictedLink,
}) => {
  const { code } = await evictedLink()
  stores.postgresFaults.inject({ kind: 'refuse' })
  let asked = 0
  stores.redisFaults.inject({ kind: 'delay', ms: 0 }, (call) => {
    if (runs(FOLLOW_CHANGES)(call)) asked++
    return false
  })
  // HEAD is not counted: there are no hits to commit, which would bring news.
  const visit = async () => {
    expect((await elsewhere.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
    return asked
  }
  await expect.poll(visit).toBeGreaterThan(1)
})
