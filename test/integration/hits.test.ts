import { describe, expect } from 'vitest'
import { COMMIT_HITS } from '../../src/redis/scripts/commit-hits.ts'
import { runs } from '../support/faults.ts'
import { test as base } from '../support/linkr.ts'
import { expectStatisticsToAddUp } from '../support/statistics-add-up.ts'

const test = base
  // A busy machine may take its time for a hundred links at once.
  .override('settings', { POSTGRES_TIMEOUT_MS: '30000' })
  .extend('pendingKey', ({ stores }) => `${stores.keyPrefix}v1:hits`)
  /** Ten thousand visitors, 32 at a time. */
  .extend('visit', ({ edge }) => async (codes: readonly string[], visits: number): Promise<void> => {
    let next = 0
    const visitor = async (): Promise<void> => {
      for (let i = next++; i < visits; i = next++) {
        const response = await edge.get(`/${codes[i % codes.length]}`)
        await response.arrayBuffer()
        if (response.status !== 302) throw new Error(`visit ${i}: ${response.status}`)
      }
    }
    await Promise.all(Array.from({ length: 32 }, visitor))
  })
  .extend('visitWhileFlushing', ({ stores, edge, visit }) => async (): Promise<void> => {
    const links = await Promise.all(
      Array.from({ length: 100 }, () => edge.create({ url: 'https://example.com/' })),
    )
    const ids = links.map(({ id }) => id)
    const total = async (): Promise<number> => {
      const [row] = await stores.sql<{ hits: string }>(
        'SELECT coalesce(sum(hits), 0) AS hits FROM link_hits WHERE link_id = ANY($1::bigint[])',
        [ids],
      )
      return Number(row?.hits)
    }
    let isOver = false
    const flushing = (async () => {
      while (!isOver) await edge.flush()
    })()
    await visit(
      links.map(({ code }) => code),
      10_000,
    )
    isOver = true
    await flushing
    await expect
      .poll(
        async () => {
          await edge.flush()
          return total()
        },
        { timeout: 20_000 },
      )
      .toBe(10_000)
    expect(await stores.flushedHits(ids[0] ?? '')).toBe(100)
  })

test.afterEach(({ stores }) => expectStatisticsToAddUp(stores))

describe('hits', () => {
  test('show before the flush and after it, and are in Postgres after it', async ({ stores, edge }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    for (let i = 0; i < 3; i++) await edge.get(`/${code}`)
    await expect.poll(() => edge.hitsOf(id)).toBe(3)
    expect(await stores.flushedHits(id)).toBe(0)
    expect(await (await edge.flush()).json()).toMatchObject({ segments: 1 })
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([3, 3])
    expect(await (await edge.flush()).json()).toEqual({
      claimed: 0,
      segments: 0,
      links: 0,
      hits: 0,
    })
  })

  test('count once when the answer to their commit is lost and it is sent again', async ({
    stores,
    edge,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    await edge.get(`/${code}`, { method: 'HEAD' })
    let lost = 0
    stores.redisFaults.inject({ kind: 'drop-answer' }, (call) => runs(COMMIT_HITS)(call) && lost++ < 3)
    for (let i = 0; i < 5; i++) await edge.get(`/${code}`)
    await expect.poll(() => lost).toBeGreaterThan(3)
    stores.redisFaults.heal()
    await expect.poll(() => edge.hitsOf(id)).toBe(5)
    await edge.cron()
    expect(await stores.flushedHits(id)).toBe(5)
  })

  test('of links that no longer exist are dropped, and the others of the batch are not', async ({
    stores,
    edge,
    pendingKey,
  }) => {
    const kept = await edge.create({ url: 'https://example.com/' })
    const gone = await edge.create({ url: 'https://example.com/' })
    for (const { code } of [kept, gone]) await edge.get(`/${code}`)
    await expect.poll(() => edge.hitsOf(gone.id)).toBe(1)
    await edge.api('DELETE', `/links/${gone.id}`)
    await edge.cron()
    expect(await stores.flushedHits(kept.id)).toBe(1)
    expect(await stores.flushedHits(gone.id)).toBe(0)
    expect(await stores.redis('HKEYS', pendingKey)).toEqual(['#'])
  })

  test('survive a corrupt counter', async ({ stores, edge, pendingKey }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    await edge.get(`/${code}`)
    await expect.poll(() => edge.hitsOf(id)).toBe(1)
    await stores.redis('HSET', pendingKey, 'junk', '5', '77777', 'many', '-1', '2', '88888', '-3')
    await edge.cron()
    expect(await stores.flushedHits(id)).toBe(1)
  })

  test('cost an idle cron one Redis request and Postgres none', async ({ stores, edge }) => {
    await edge.cron()
    stores.redisFaults.resetCounts()
    stores.postgresFaults.resetCounts()
    await edge.cron()
    expect(stores.redisFaults.commands).toEqual(['EVAL'])
    expect(stores.postgresFaults.requests).toBe(0)
  })

  test(
    '10,000 at concurrency 32 on 100 links, flushed all along, are exactly 10,000',
    async ({ visitWhileFlushing }) => visitWhileFlushing(),
    60_000,
  )

  test('are exactly 10,000 also while 1 in 20 answers of Redis is lost', async ({
    stores,
    visitWhileFlushing,
  }) => {
    let requests = 0
    stores.redisFaults.inject({ kind: 'drop-answer' }, () => ++requests % 20 === 0)
    await visitWhileFlushing()
    stores.redisFaults.heal()
  }, 60_000)
})
