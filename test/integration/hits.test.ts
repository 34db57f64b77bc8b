import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMIT_HITS } from '../../src/redis/scripts/commit-hits.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let edge: Edge

beforeAll(async () => {
  stores = await startStores()
  // A busy machine may take its time for a hundred links at once.
  edge = await startEdge(stores, { POSTGRES_TIMEOUT_MS: '30000' })
})

afterAll(async () => {
  await edge?.close()
  await stores?.close()
})

const hitsOf = async (id: string) =>
  ((await (await edge.api('GET', `/links/${id}`)).json()) as { hits: number }).hits
const flushed = async (id: string) => {
  const [row] = await stores.sql<{ hits: string }>('SELECT hits FROM link_hits WHERE link_id = $1', [id])
  return Number(row?.hits ?? 0)
}
const pendingKey = () => `${stores.keyPrefix}v1:hits`

/** Ten thousand visitors, 32 at a time. */
async function visit(codes: readonly string[], visits: number): Promise<void> {
  let next = 0
  const visitor = async (): Promise<void> => {
    for (let i = next++; i < visits; i = next++) {
      const response = await edge.get(`/${codes[i % codes.length]}`)
      await response.arrayBuffer()
      if (response.status !== 302) throw new Error(`visit ${i}: ${response.status}`)
    }
  }
  await Promise.all(Array.from({ length: 32 }, visitor))
}

async function visitWhileFlushing(): Promise<void> {
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
    while (!isOver) await edge.api('POST', '/flush')
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
        await edge.api('POST', '/flush')
        return total()
      },
      { timeout: 20_000 },
    )
    .toBe(10_000)
  expect(await flushed(ids[0] ?? '')).toBe(100)
}

describe('hits', () => {
  test('show before the flush and after it, and are in Postgres after it', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    for (let i = 0; i < 3; i++) await edge.get(`/${code}`)
    await expect.poll(() => hitsOf(id)).toBe(3)
    expect(await flushed(id)).toBe(0)
    expect(await (await edge.api('POST', '/flush')).json()).toMatchObject({ segments: 1 })
    expect([await flushed(id), await hitsOf(id)]).toEqual([3, 3])
    expect(await (await edge.api('POST', '/flush')).json()).toEqual({
      claimed: 0,
      segments: 0,
      links: 0,
      hits: 0,
    })
  })

  test('count once when the answer to their commit is lost and it is sent again', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    await edge.get(`/${code}`, { method: 'HEAD' })
    let lost = 0
    stores.redisFaults.inject({ kind: 'drop-answer' }, (call) => runs(COMMIT_HITS)(call) && lost++ < 3)
    for (let i = 0; i < 5; i++) await edge.get(`/${code}`)
    await expect.poll(() => lost).toBeGreaterThan(3)
    stores.redisFaults.heal()
    await expect.poll(() => edge.hitsOf(id)).toBe(5)
    await edge.cron()
    expect(await flushed(id)).toBe(5)
  })

  test('of links that no longer exist are dropped, and the others of the batch are not', async () => {
    const kept = await edge.create({ url: 'https://example.com/' })
    const gone = await edge.create({ url: 'https://example.com/' })
    for (const { code } of [kept, gone]) await edge.get(`/${code}`)
    await expect.poll(() => hitsOf(gone.id)).toBe(1)
    await edge.api('DELETE', `/links/${gone.id}`)
    await edge.cron()
    expect(await flushed(kept.id)).toBe(1)
    expect(await flushed(gone.id)).toBe(0)
    expect(await stores.redis('EXISTS', pendingKey())).toBe(0)
  })

  test('survive a counter that somebody corrupted', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    await edge.get(`/${code}`)
    await expect.poll(() => hitsOf(id)).toBe(1)
    await stores.redis('HSET', pendingKey(), 'junk', '5', '77777', 'many', '-1', '2', '88888', '-3')
    await edge.cron()
    expect(await flushed(id)).toBe(1)
  })

  test('cost an idle cron one Redis request and Postgres none', async () => {
    await edge.cron()
    stores.redisFaults.resetCounts()
    stores.postgresFaults.resetCounts()
    await edge.cron()
    expect(stores.redisFaults.commands).toEqual(['EVAL'])
    expect(stores.postgresFaults.requests).toBe(0)
  })

  test(
    '10,000 at concurrency 32 on 100 links, flushed all along, are exactly 10,000',
    visitWhileFlushing,
    60_000,
  )

  test('are exactly 10,000 also while 1 in 20 answers of Redis is lost', async () => {
    let requests = 0
    stores.redisFaults.inject({ kind: 'drop-answer' }, () => ++requests % 20 === 0)
    await visitWhileFlushing()
    stores.redisFaults.heal()
  }, 60_000)
})
