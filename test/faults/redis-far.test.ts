import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { COMMIT_HITS } from '../../src/redis/scripts/commit-hits.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
import { recover } from '../support/recover.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let edge: Edge

beforeAll(async () => {
  stores = await startStores()
  // What visitors wait for Redis by default.
  edge = await startEdge(stores, { REDIS_TIMEOUT_MS: '300' })
})

afterAll(async () => {
  await edge?.close()
  await stores?.close()
})

afterEach(() => recover(stores, edge))

const waitingInRedis = async (id: string): Promise<number> =>
  Number((await stores.redis('HGET', `${stores.keyPrefix}v1:hits`, id)) ?? 0)

/** Statements that wrote hits to Postgres. */
const direct = () => stores.postgresFaults.commands.filter((sql) => sql.includes('applied_hits'))

describe('Redis is far away', () => {
  test.each([
    ['further than visitors wait', { roundTripMs: 320, bytesPerSecond: 1_000_000 }],
    ['behind a thin line', { roundTripMs: 150, bytesPerSecond: 2_000 }],
  ])('%s: hits are committed there all the same, and Postgres may sleep', async (_, distance) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    expect((await edge.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
    await edge.api('POST', '/flush')
    stores.redisFaults.inject({ kind: 'far', ...distance })
    stores.postgresFaults.resetCounts()
    let visits = 0
    const visit = async (): Promise<number> => {
      expect((await edge.get(`/${code}`)).status).toBe(302)
      visits++
      return waitingInRedis(id)
    }
    await expect.poll(visit).toBeGreaterThan(20)
    await expect.poll(() => waitingInRedis(id)).toBe(visits)
    expect(direct()).toEqual([])
  })

  test('a flush ends while visitors keep coming, and has the hits from before it', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    expect((await edge.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
    stores.redisFaults.inject({ kind: 'far', roundTripMs: 40, bytesPerSecond: 1_000_000 }, runs(COMMIT_HITS))
    let isOver = false
    const MAX_VISITS = 20_000
    let visits = 0
    const visitor = async (): Promise<void> => {
      while (!isOver && visits < MAX_VISITS) {
        visits++
        await (await edge.get(`/${code}`)).arrayBuffer()
      }
    }
    const traffic = Promise.all(Array.from({ length: 16 }, visitor))
    await expect.poll(() => waitingInRedis(id)).toBeGreaterThan(0)
    const before = await waitingInRedis(id)
    const { status } = await edge.api('POST', '/flush')
    isOver = true
    await traffic
    expect([status, visits < MAX_VISITS]).toEqual([200, true])
    expect(await stores.flushedHits(id)).toBeGreaterThanOrEqual(before)
    const missing = async (): Promise<number> => {
      await edge.api('POST', '/flush')
      return visits - (await stores.flushedHits(id))
    }
    await expect.poll(missing).toBe(0)
  })
})
