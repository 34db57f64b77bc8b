import { describe, expect } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import { READ_OR_LEASE } from '../../src/redis/scripts/registers.ts'
import { logEntries } from '../../src/registers/log-entries.ts'
import { test as base } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'

const FAR = { kind: 'far', roundTripMs: 150, bytesPerSecond: 1_000_000 } as const
const LINKS = 1_000

const test = base
  /** Waits for Redis as long as it does by default. */
  .extend('far', { scope: 'file' }, ({ edges }) => edges.start({ REDIS_TIMEOUT_MS: '300' }))
  /** What a bulk edit leaves in the change log. */
  .extend('logEdit', ({ stores }) => async (links: number, version: number): Promise<void> => {
    const changes = Array.from({ length: links }, (_, i) => {
      return { name: `*/a-code-of-unusual-length-${i}`, version, isFirst: false }
    })
    for (const text of logEntries(changes).texts) {
      await stores.redis('XADD', createKeys(stores.keyPrefix).changes, '*', 'c', text)
    }
  })
  .extend('makeLinks', ({ edge }) => async (): Promise<void> => {
    const links = Array.from({ length: LINKS }, (_, i) => {
      return { code: `bulk-${i}`, url: 'https://example.com/old', tags: ['bulk'] }
    })
    expect((await edge.api('POST', '/links/bulk', { mode: 'upsert', links })).status).toBe(200)
  })
  .extend('editAll', ({ edge }) => async (url: string): Promise<void> => {
    const answer = await edge.api('PATCH', '/links', { filter: { tag: 'bulk' }, changes: { url } })
    expect(await answer.json()).toMatchObject({ changed: LINKS })
  })

describe('an isolate far from Redis', () => {
  test('goes on committing hits through 1,000 bulk edits, and shows them', async ({
    stores,
    edge,
    far,
    logEdit,
    makeLinks,
    editAll,
  }) => {
    await makeLinks()
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    for (const hot of [code, 'bulk-7']) await far.get(`/${hot}`, { method: 'HEAD' })
    await far.flush()
    stores.redisFaults.inject(FAR)
    let visits = 0
    const visit = async (): Promise<number> => {
      expect((await far.get(`/${code}`)).status).toBe(302)
      visits++
      return stores.waitingHits(id)
    }
    for (let edits = 0; edits < 1_000; edits += 50) {
      for (let i = 0; i < 50; i++) await logEdit(i % 2 === 0 ? LINKS : 100, edits + i)
      const before = await visit()
      await expect.poll(visit).toBeGreaterThan(before)
    }
    stores.heal()
    await editAll('https://example.com/new')
    stores.redisFaults.inject(FAR)
    const shown = async () => (await visit()) && (await far.follow('bulk-7'))
    await expect.poll(shown).toBe('https://example.com/new')
    await expect.poll(() => stores.waitingHits(id)).toBe(visits)
  })

  test('lets no redirect wait when it missed some edits: the link is refreshed in the background', async ({
    stores,
    edge,
    logEdit,
  }) => {
    // An isolate's first read of the change log is a gap too; this is about a later one.
    const other = await edge.create({ url: 'https://example.com/' })
    const health = async () => {
      await edge.follow(other.code)
      return (await edge.api('GET', '/health')).json()
    }
    await expect.poll(health).toMatchObject({ syncLagMs: expect.any(Number) })
    const { code } = await edge.create({ url: 'https://example.com/' })
    await edge.follow(code)
    await edge.flush()
    const release = stores.redisFaults.hold(runs(READ_OR_LEASE))
    stores.postgresFaults.resetCounts()
    await logEdit(LINKS, 1)
    // Each of these is answered, also the one that has it refreshed, while Redis says nothing.
    const visit = async (): Promise<number> => {
      expect(await edge.follow(code)).toBe('https://example.com/')
      return stores.redisFaults.struck
    }
    await expect.poll(visit, { interval: 5 }).toBe(1)
    expect([await visit(), stores.postgresFaults.requests]).toEqual([1, 0])
    release()
  })
})
