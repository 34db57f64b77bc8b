import { describe, expect } from 'vitest'
import { COMMIT_HITS } from '../../src/redis/scripts/commit-hits.ts'
import { test } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'

// What visitors wait for Redis by default.
test.override('settings', { REDIS_TIMEOUT_MS: '300' })

describe('Redis is far away', () => {
  test.for([
    ['further than visitors wait', { roundTripMs: 320, bytesPerSecond: 1_000_000 }],
    ['behind a thin line', { roundTripMs: 150, bytesPerSecond: 2_000 }],
  ] as const)(
    '%s: hits are committed there all the same, and Postgres may sleep',
    async ([_, distance], { stores, edge }) => {
      const { id, code } = await edge.create({ url: 'https://example.com/' })
      expect((await edge.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
      await edge.flush()
      stores.redisFaults.inject({ kind: 'far', ...distance })
      stores.postgresFaults.resetCounts()
      let visits = 0
      const visit = async (): Promise<number> => {
        expect((await edge.get(`/${code}`)).status).toBe(302)
        visits++
        return stores.waitingHits(id)
      }
      await expect.poll(visit).toBeGreaterThan(20)
      await expect.poll(() => stores.waitingHits(id)).toBe(visits)
      expect(stores.postgresFaults.commands.filter((sql) => sql.includes('applied_hits'))).toEqual([])
    },
  )

  test('a flush ends while visitors keep coming, and has the hits from before it', async ({
    stores,
    edge,
  }) => {
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
    await expect.poll(() => stores.waitingHits(id)).toBeGreaterThan(0)
    const before = await stores.waitingHits(id)
    const { status } = await edge.flush()
    isOver = true
    await traffic
    expect([status, visits < MAX_VISITS]).toEqual([200, true])
    expect(await stores.flushedHits(id)).toBeGreaterThanOrEqual(before)
    const missing = async (): Promise<number> => {
      await edge.flush()
      return visits - (await stores.flushedHits(id))
    }
    await expect.poll(missing).toBe(0)
  })
})
