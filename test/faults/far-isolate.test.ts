import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import { READ_OR_LEASE } from '../../src/redis/scripts/registers.ts'
import { encodeChanges } from '../../src/registers/change-log.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
import { recover } from '../support/recover.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let near: Edge
let far: Edge

beforeAll(async () => {
  stores = await startStores()
  near = await startEdge(stores)
  // What visitors wait for Redis by default.
  far = await startEdge(stores, { REDIS_TIMEOUT_MS: '300' })
})

afterAll(async () => {
  await near?.close()
  await far?.close()
  await stores?.close()
})

afterEach(() => recover(stores, near, far))

const FAR = { kind: 'far', roundTripMs: 150, bytesPerSecond: 1_000_000 } as const
const LINKS = 1_000

/** What a bulk edit leaves in the change log. */
async function logEdit(links: number, version: number): Promise<void> {
  const changes = Array.from({ length: links }, (_, i) => ({
    name: `*/a-code-of-usual-length-${i}`,
    version,
  }))
  await stores.redis('XADD', createKeys(stores.keyPrefix).changes, '*', 'c', encodeChanges(changes))
}

const waitingInRedis = async (id: string): Promise<number> =>
  Number((await stores.redis('HGET', `${stores.keyPrefix}v1:hits`, id)) ?? 0)

async function makeLinks(): Promise<void> {
  const links = Array.from({ length: LINKS }, (_, i) => {
    return { code: `bulk-${i}`, url: 'https://example.com/old', tags: ['bulk'] }
  })
  expect((await near.api('POST', '/links/bulk', { mode: 'upsert', links })).status).toBe(200)
}

async function editAll(url: string): Promise<void> {
  const answer = await near.api('PATCH', '/links', { filter: { tag: 'bulk' }, changes: { url } })
  expect(await answer.json()).toMatchObject({ changed: LINKS })
}

describe('an isolate far from Redis', () => {
  test('goes on committing hits through 1,000 bulk edits, and shows them', async () => {
    await makeLinks()
    const { id, code } = await near.create({ url: 'https://example.com/' })
    for (const hot of [code, 'bulk-7']) await far.get(`/${hot}`, { method: 'HEAD' })
    await far.api('POST', '/flush')
    stores.redisFaults.inject(FAR)
    let visits = 0
    const visit = async (): Promise<number> => {
      expect((await far.get(`/${code}`)).status).toBe(302)
      visits++
      return waitingInRedis(id)
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
    await expect.poll(() => waitingInRedis(id)).toBe(visits)
  })

  test('lets no redirect wait when it missed some edits: the link is refreshed in the background', async () => {
    const { code } = await near.create({ url: 'https://example.com/' })
    await near.follow(code)
    await near.api('POST', '/flush')
    const held = Promise.withResolvers<void>()
    stores.redisFaults.inject({ kind: 'hold', until: held.promise }, runs(READ_OR_LEASE))
    stores.postgresFaults.resetCounts()
    await logEdit(LINKS, 1)
    // Each of these is answered, also the one that has it refreshed, while Redis says nothing.
    const visit = async (): Promise<number> => {
      expect(await near.follow(code)).toBe('https://example.com/')
      return stores.redisFaults.struck
    }
    await expect.poll(visit, { interval: 5 }).toBe(1)
    expect([await visit(), stores.postgresFaults.requests]).toEqual([1, 0])
    held.resolve()
  })
})
