import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createBreaker } from '../../src/breaker.ts'
import { parseConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/client.ts'
import { flushHits } from '../../src/hits/flush.ts'
import { createHitCounters, type HitCounters } from '../../src/hits/hit-counters.ts'
import { type HitTotals, postgresHits } from '../../src/hits/postgres-hits.ts'
import { createRedisClient } from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let counters: HitCounters
let totals: HitTotals
let sequence = Date.now()

beforeAll(async () => {
  stores = await startStores()
  const config = parseConfig({ ...stores.bindings, ADMIN_TOKEN: 'not-used-in-this-test' })
  const keys = createKeys(config.redis.keyPrefix)
  const breaker = createBreaker({ now: Date.now, isOutage: () => false })
  const redis = createRedisClient({ ...config.redis, timeoutMs: 5_000 }, breaker)
  const changeLog = { cursor: () => '', receive() {}, missed() {} }
  counters = createHitCounters({ redis, keys, changeLog, now: Date.now, sealAtLinks: 200 })
  totals = postgresHits(openDatabase(config.postgres, breaker))
})

afterAll(() => stores?.close())

afterEach(async () => {
  await flush()
  await stores.sql('TRUNCATE links, hit_batches CASCADE')
})

const flush = (overrides: Partial<HitCounters> = {}, of: HitTotals = totals) =>
  flushHits({ counters: { ...counters, ...overrides }, totals: async () => of })

/** Ids of new links. */
async function makeLinks(count: number): Promise<string[]> {
  const rows = await stores.sql<{ id: string }>(
    `INSERT INTO links (domain, code, url) SELECT '*', 'flush-' || n, 'https://example.com/'
     FROM generate_series(1, $1::int) AS n RETURNING id`,
    [count],
  )
  return rows.map(({ id }) => id)
}

const commit = (hits: Iterable<[string, number]>, number = ++sequence) =>
  counters.commit({ isolate: 'isolate-of-the-test', sequence: number, hits: new Map(hits) })

async function totalInPostgres(): Promise<number> {
  const [row] = await stores.sql<{ sum: string }>('SELECT coalesce(sum(hits), 0) AS sum FROM link_hits')
  return Number(row?.sum)
}

const crash = (): Promise<never> => Promise.reject(new Error('crashed'))

describe('flush', () => {
  test('killed after the apply and before the release: the next one releases and adds nothing', async () => {
    const [id = ''] = await makeLinks(1)
    await commit([[id, 3]])
    await expect(flush({ release: crash })).rejects.toThrow('crashed')
    expect(await totalInPostgres()).toBe(3)
    expect(await flush()).toEqual({ batches: 0, links: 0, hits: 0 })
    expect(await totalInPostgres()).toBe(3)
    expect(await counters.claim()).toBeNull()
  })

  test('killed after the claim and before the apply: the next one applies it, hits that came meanwhile too', async () => {
    const [id = ''] = await makeLinks(1)
    await commit([[id, 3]])
    await expect(flush({}, { ...totals, apply: crash })).rejects.toThrow('crashed')
    await commit([[id, 4]])
    expect(await flush()).toEqual({ batches: 2, links: 2, hits: 7 })
    expect(await totalInPostgres()).toBe(7)
  })

  test('five at once apply every batch exactly once', async () => {
    const ids = await makeLinks(20)
    await commit(ids.map((id) => [id, 1]))
    const flushes = Array.from({ length: 5 }, async () => {
      await commit(ids.map((id) => [id, 1]))
      return flush()
    })
    const reports = await Promise.all(flushes)
    await flush()
    expect(await totalInPostgres()).toBe(120)
    expect(reports.reduce((sum, { hits }) => sum + hits, 0)).toBeLessThanOrEqual(120)
  })

  test('hits that arrive between its claim and its release wait for the next one', async () => {
    const [id = ''] = await makeLinks(1)
    await commit([[id, 1]])
    const apply: HitTotals['apply'] = async (segment) => {
      await commit([[id, 10]])
      return totals.apply(segment)
    }
    let claims = 0
    const claimOnce: HitCounters['claim'] = async () => (claims++ === 0 ? counters.claim() : null)
    await flush({ claim: claimOnce }, { ...totals, apply })
    expect(await totalInPostgres()).toBe(1)
    await flush()
    expect(await totalInPostgres()).toBe(11)
  })

  test('a batch that is sent twice, or late, counts once', async () => {
    const [id = ''] = await makeLinks(1)
    const [first, second] = [++sequence, ++sequence]
    await commit([[id, 1]], first)
    await commit([[id, 1]], first)
    await commit([[id, 1]], second)
    await flush()
    await commit([[id, 1]], second)
    await commit([[id, 1]], first)
    await flush()
    expect(await totalInPostgres()).toBe(2)
  })

  test('more links than one statement should carry are flushed in several', async () => {
    const ids = await makeLinks(450)
    for (let i = 0; i < ids.length; i += 50) await commit(ids.slice(i, i + 50).map((id) => [id, 2]))
    stores.postgresFaults.resetCounts()
    expect(await flush()).toEqual({ batches: 2, links: 450, hits: 900 })
    expect(await totalInPostgres()).toBe(900)
  })

  test('a link deleted while its hits are applied fails nothing', async () => {
    const ids = await makeLinks(50)
    await commit(ids.map((id) => [id, 1]))
    await Promise.all([
      flush(),
      stores.sql('DELETE FROM links WHERE id = ANY($1::bigint[])', [ids.slice(0, 25)]),
    ])
    await flush()
    const [row] = await stores.sql<{ count: string }>('SELECT count(*) FROM link_hits')
    expect(Number(row?.count)).toBe(25)
  })

  test('forgets batch ids after a month, not before', async () => {
    await stores.sql(`INSERT INTO hit_batches (id, applied_at) VALUES
      ('old', now() - interval '31 days'), ('young', now() - interval '29 days')`)
    const [id = ''] = await makeLinks(1)
    await commit([[id, 1]])
    await flush()
    const rows = await stores.sql<{ id: string }>(`SELECT id FROM hit_batches WHERE id IN ('old', 'young')`)
    expect(rows).toEqual([{ id: 'young' }])
  })
})
