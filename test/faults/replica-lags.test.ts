import { describe, expect } from 'vitest'
import { MAX_REPLICA_LAG_MS } from '../../src/cache/replica-lag.ts'
import { test as base } from '../support/fault-test.ts'
import { addLaggingReplica } from '../support/lagging-replica.ts'

/** docs/guarantees.md. */
const BOUND_MS = 5_000

const OLD = 'https://example.com/old'
const NEW = 'https://example.com/new'

const test = base.extend('replica', ({ stores }) => addLaggingReplica(stores))

describe('a replica that lags', () => {
  test('shows a location that has heard of no edit the old link for at most 5 s', async ({
    replica,
    edge,
    startEdge,
  }) => {
    const elsewhere = await startEdge()
    const { id, code } = await edge.create({ url: OLD })
    const createdAt = Date.now()
    replica.caughtUpTo = () => Math.max(createdAt, Date.now() - MAX_REPLICA_LAG_MS)
    await edge.edit(id, NEW)
    const editedAt = Date.now()
    let [lastStale, staleReads] = [editedAt, 0]
    const look = async (): Promise<string | null> => {
      const askedAt = Date.now()
      // HEAD is not counted, so nothing brings news there.
      const location = (await elsewhere.get(`/${code}`, { method: 'HEAD' })).headers.get('location')
      if (location === OLD) [lastStale, staleReads] = [askedAt, staleReads + 1]
      return location
    }
    await expect.poll(look, { timeout: 3 * BOUND_MS, interval: 50 }).toBe(NEW)
    expect(staleReads).toBeGreaterThan(0)
    expect(lastStale - editedAt).toBeLessThanOrEqual(BOUND_MS)
  })

  test('shows the owner their own edit at once', async ({ stores, replica, edge }) => {
    const { id, code } = await edge.create({ url: OLD })
    expect(await edge.follow(code)).toBe(OLD)
    const frozenAt = Date.now()
    replica.caughtUpTo = () => frozenAt
    await edge.edit(id, NEW)
    stores.postgresFaults.resetCounts()
    expect(await edge.follow(code)).toBe(NEW)
    expect(stores.postgresFaults.commands.filter((sql) => sql.includes('"links"'))).toEqual([])
  })

  test('costs a link that it does not have yet one look at the primary', async ({
    stores,
    replica,
    edge,
  }) => {
    const frozenAt = Date.now()
    replica.caughtUpTo = () => frozenAt
    const { code } = await edge.create({ url: OLD })
    expect(await edge.follow(code)).toBe(OLD)
    await expect.poll(() => stores.register(code)).toContain(OLD)
  })
})
