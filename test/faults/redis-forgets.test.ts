import { describe, expect } from 'vitest'
import { FILL } from '../../src/redis/scripts/registers.ts'
import { test } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'

describe('register evicted', () => {
  test('the next visitor loads the link from Postgres, and it is cached again', async ({ stores, edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    await stores.redis('DEL', stores.registerOf(code))
    expect(await edge.follow(code)).toBe('https://example.com/')
    await expect.poll(() => stores.redis('EXISTS', stores.registerOf(code))).toBe(1)
  })

  test('a load that began before an edit does not bring the old link back, though nothing stands in its way', async ({
    stores,
    edge,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/old' })
    await stores.redis('DEL', stores.registerOf(code))
    const release = stores.redisFaults.hold(runs(FILL))
    expect(await edge.follow(code)).toBe('https://example.com/old')
    await expect.poll(() => stores.redisFaults.struck).toBe(1)
    await edge.edit(id, 'https://example.com/new')
    await stores.redis('DEL', stores.registerOf(code))
    release()
    await expect.poll(() => stores.redisFaults.struck).toBe(0)
    expect(await stores.redis('EXISTS', stores.registerOf(code))).toBe(0)
    expect(await edge.follow(code)).toBe('https://example.com/new')
  })
})

describe('Redis restarted and emptied', () => {
  test('visitors notice nothing, and the caches fill up again', async ({ stores, edge, startEdge }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    await stores.emptyRedis()
    expect(await edge.follow(code)).toBe('https://example.com/')
    // It has nothing in memory.
    const fresh = await startEdge()
    expect(await fresh.follow(code)).toBe('https://example.com/')
    await expect.poll(() => stores.redis('EXISTS', stores.registerOf(code))).toBe(1)
  })

  test('hits that were flushed stay, and hits after it count once; those that waited in it are lost', async ({
    stores,
    edge,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    await edge.get(`/${code}`)
    await edge.flush()
    expect(await stores.flushedHits(id)).toBe(1)
    await edge.get(`/${code}`)
    await expect.poll(() => edge.hitsOf(id)).toBe(2)
    await stores.emptyRedis()
    expect(await edge.hitsOf(id)).toBe(1)
    await edge.get(`/${code}`)
    await edge.flush()
    expect(await stores.flushedHits(id)).toBe(2)
  })
})
