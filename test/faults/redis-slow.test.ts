import { describe, expect } from 'vitest'
import { test } from '../support/fault-test.ts'

test.override('settings', { REDIS_TIMEOUT_MS: '1000' })

describe('Redis slow', () => {
  test('within its time-out: links in memory do not wait for it, the others do and need no Postgres', async ({
    stores,
    edge,
  }) => {
    const hot = await edge.create({ url: 'https://example.com/hot' })
    const cold = await edge.create({ url: 'https://example.com/cold' })
    expect(await edge.follow(hot.code)).toBe('https://example.com/hot')
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])

    const answer = stores.redisFaults.hold()
    stores.postgresFaults.resetCounts()
    const waiting = edge.follow(cold.code)
    await expect.poll(() => stores.redisFaults.struck).toBeGreaterThan(0)
    expect(await edge.follow(hot.code)).toBe('https://example.com/hot')
    answer()
    expect(await waiting).toBe('https://example.com/cold')
  })

  test('beyond its time-out: it is given up on, and Postgres answers', async ({ stores, edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    stores.redisFaults.inject({ kind: 'delay', ms: 5_000 })
    expect(await edge.follow(code)).toBe('https://example.com/')
  })

  test('beyond its time-out: hits that it counts all the same count once', async ({ stores, edge }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    expect((await edge.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
    stores.redisFaults.inject({ kind: 'delay', ms: 1_500 })
    for (let i = 0; i < 5; i++) expect(await edge.follow(code)).toBe('https://example.com/')
    await expect.poll(() => stores.redisFaults.commands.length).toBeGreaterThan(2)
    stores.heal()
    const flushed = async (): Promise<number> => {
      await edge.flush()
      return stores.flushedHits(id)
    }
    await expect.poll(flushed).toBe(5)
    await expect.poll(() => stores.redisFaults.struck).toBe(0)
    expect(await flushed()).toBe(5)
  })
})
