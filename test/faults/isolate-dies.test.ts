import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { PUBLISH } from '../../src/redis/scripts/registers.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
import { recover } from '../support/recover.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let survivor: Edge
let victim: Edge

beforeAll(async () => {
  stores = await startStores()
  survivor = await startEdge(stores)
})

afterAll(async () => {
  await survivor?.close()
  await stores?.close()
})

afterEach(async () => {
  await victim?.close()
  await recover(stores, survivor)
})

describe('isolate dies', () => {
  test('every hit that it has committed counts once; of the others at most those of its commit window are lost', async () => {
    victim = await startEdge(stores, { HIT_COMMIT_WINDOW_MS: '1000' })
    const { id, code } = await victim.create({ url: 'https://example.com/' })
    for (let i = 0; i < 3; i++) await victim.get(`/${code}`)
    await expect.poll(() => survivor.hitsOf(id)).toBe(3)
    for (let i = 0; i < 2; i++) await victim.get(`/${code}`)
    await victim.close()
    await survivor.api('POST', '/flush')
    const hits = await stores.flushedHits(id)
    expect(hits).toBeGreaterThanOrEqual(3)
    expect(hits).toBeLessThanOrEqual(5)
    expect(await survivor.hitsOf(id)).toBe(hits)
  })

  test('holding the lease of a link: others load the link all the same', async () => {
    victim = await startEdge(stores)
    const { code } = await survivor.create({ url: 'https://example.com/' })
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await stores.redis('DEL', stores.registerOf(code))
    stores.postgresFaults.inject({ kind: 'hang' })
    const cutOff = victim.follow(code).catch(() => null)
    await expect.poll(() => stores.postgresFaults.struck).toBe(1)
    await victim.close()
    await cutOff
    stores.heal()
    expect(await survivor.follow(code)).toBe('https://example.com/')
  })

  test('between writing an edit and publishing it: the next cron that finds hits publishes it', async () => {
    victim = await startEdge(stores)
    const { id, code } = await survivor.create({ url: 'https://example.com/old' })
    expect(await survivor.follow(code)).toBe('https://example.com/old')
    stores.redisFaults.inject({ kind: 'hang' }, runs(PUBLISH))
    const cutOff = victim.edit(id, 'https://example.com/new').catch(() => null)
    await expect.poll(() => stores.redisFaults.struck).toBe(1)
    await victim.close()
    await cutOff
    stores.heal()
    expect(await stores.redis('GET', stores.registerOf(code))).toContain('https://example.com/old')
    await survivor.cron()
    expect(await stores.redis('GET', stores.registerOf(code))).toContain('https://example.com/new')
    expect(await survivor.follow(code)).toBe('https://example.com/new')
    expect(await stores.sql('SELECT FROM cache_outbox')).toEqual([])
  })
})
