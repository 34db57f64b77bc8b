import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { FILL } from '../../src/redis/scripts/registers.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
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

/** An edge location that has nothing in memory. */
async function atFreshEdge(work: (fresh: Edge) => Promise<void>): Promise<void> {
  const fresh = await startEdge(stores)
  try {
    await work(fresh)
  } finally {
    await fresh.close()
  }
}

describe('register evicted', () => {
  test('the next visitor loads the link from Postgres, and it is cached again', async () => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    await stores.redis('DEL', stores.registerOf(code))
    expect(await edge.follow(code)).toBe('https://example.com/')
    await expect.poll(() => stores.redis('EXISTS', stores.registerOf(code))).toBe(1)
  })

  test('a load that began before an edit does not bring the old link back, though nothing stands in its way', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/old' })
    await stores.redis('DEL', stores.registerOf(code))
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    stores.redisFaults.inject({ kind: 'hold', until: held }, runs(FILL))
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
  test('visitors notice nothing, and the caches fill up again', async () => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    await stores.emptyRedis()
    expect(await edge.follow(code)).toBe('https://example.com/')
    await atFreshEdge(async (fresh) => {
      expect(await fresh.follow(code)).toBe('https://example.com/')
    })
    await expect.poll(() => stores.redis('EXISTS', stores.registerOf(code))).toBe(1)
  })

  test('hits that were flushed stay, and hits after it count once; those that waited in it are lost', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    await edge.get(`/${code}`)
    await edge.api('POST', '/flush')
    expect(await stores.flushedHits(id)).toBe(1)
    await edge.get(`/${code}`)
    await expect.poll(() => edge.hitsOf(id)).toBe(2)
    await stores.emptyRedis()
    expect(await edge.hitsOf(id)).toBe(1)
    await edge.get(`/${code}`)
    await edge.api('POST', '/flush')
    expect(await stores.flushedHits(id)).toBe(2)
  })
})
