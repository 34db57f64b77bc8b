import { describe, expect } from 'vitest'
import { COMMIT_HITS } from '../../src/redis/scripts/commit-hits.ts'
import { FILL, PUBLISH } from '../../src/redis/scripts/registers.ts'
import { test } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'

describe('Redis answers lost', () => {
  test('an edit that Redis has is acknowledged, shown, and published again without harm', async ({
    stores,
    edge,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/old' })
    expect(await edge.follow(code)).toBe('https://example.com/old')
    stores.redisFaults.inject({ kind: 'drop-answer' }, runs(PUBLISH))
    await edge.edit(id, 'https://example.com/1')
    await edge.edit(id, 'https://example.com/2')
    expect(await edge.follow(code)).toBe('https://example.com/2')
    stores.heal()
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    expect(await stores.register(code)).toContain('https://example.com/2')
    expect(await edge.follow(code)).toBe('https://example.com/2')
  })

  test('a fill that Redis has delays no visitor', async ({ stores, edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    await stores.redis('DEL', stores.registerOf(code))
    stores.redisFaults.inject({ kind: 'drop-answer' }, runs(FILL))
    expect(await edge.follow(code)).toBe('https://example.com/')
    await expect.poll(() => stores.redis('EXISTS', stores.registerOf(code))).toBe(1)
  })

  test('hits that Redis has count once, also when the circuit breaker opens in the middle of their retry', async ({
    stores,
    edge,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    expect((await edge.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
    stores.redisFaults.inject({ kind: 'drop-answer' }, runs(COMMIT_HITS))
    stores.redisFaults.resetCounts()
    let visits = 0
    // Each commit is tried twice; the fifth lost answer in a row opens the breaker.
    const commits = async (): Promise<number> => {
      await edge.get(`/${code}`)
      visits++
      return stores.redisFaults.requests
    }
    await expect.poll(commits).toBeGreaterThan(7)
    stores.heal()
    const flushed = async (): Promise<number> => {
      await edge.flush()
      return (await edge.health()).hits.isolate.waitingLinks === 0 ? stores.flushedHits(id) : -1
    }
    await expect.poll(flushed).toBe(visits)
    expect(await flushed()).toBe(visits)
  })
})
