import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CLAIM_HITS, RELEASE_HITS } from '../../src/redis/scripts/flush-hits.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { type FaultRule, runs } from '../support/faults.ts'
import { recover } from '../support/recover.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let edge: Edge
let other: Edge

beforeAll(async () => {
  stores = await startStores()
  edge = await startEdge(stores)
  other = await startEdge(stores)
})

afterAll(async () => {
  await edge?.close()
  await other?.close()
  await stores?.close()
})

afterEach(() => recover(stores, edge, other))

const appliesHits: FaultRule['when'] = ({ commands }) => commands.some((sql) => sql.includes('applied_hits'))

async function linkWithHits(hits: number): Promise<string> {
  const { id, code } = await edge.create({ url: 'https://example.com/' })
  for (let i = 0; i < hits; i++) await edge.get(`/${code}`)
  // On its way to Redis a flush would not find it.
  await expect.poll(() => edge.hitsOf(id)).toBe(hits)
  return id
}

describe('crash', () => {
  test('between apply and release: the hits are in Postgres once, and their owner sees them once', async () => {
    const id = await linkWithHits(3)
    stores.redisFaults.inject({ kind: 'refuse' }, runs(RELEASE_HITS))
    expect((await edge.api('POST', '/flush')).status).toBe(503)
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([3, 3])
    stores.heal()
    await other.cron()
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([3, 3])
  })

  test('between claim and apply: the next cron applies what was claimed', async () => {
    const id = await linkWithHits(3)
    stores.postgresFaults.inject({ kind: 'refuse' }, appliesHits)
    expect((await edge.api('POST', '/flush')).status).toBe(503)
    stores.heal()
    await other.cron()
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([3, 3])
  })

  test.each([
    ['claim', () => stores.redisFaults.inject({ kind: 'drop-answer' }, runs(CLAIM_HITS))],
    ['apply', () => stores.postgresFaults.inject({ kind: 'drop-answer' }, appliesHits)],
    ['release', () => stores.redisFaults.inject({ kind: 'drop-answer' }, runs(RELEASE_HITS))],
  ])('in the middle of the %s, which happened: the hits count once', async (_, injectFault) => {
    const id = await linkWithHits(3)
    injectFault()
    expect((await edge.api('POST', '/flush')).status).toBe(503)
    stores.heal()
    await other.cron()
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([3, 3])
  })
})

describe('two crons at once', () => {
  test('apply every hit once, both held between claim and apply', async () => {
    const id = await linkWithHits(5)
    let release = (): void => {}
    const until = new Promise<void>((resolve) => {
      release = resolve
    })
    stores.postgresFaults.inject({ kind: 'hold', until }, appliesHits)
    const crons = [edge.api('POST', '/flush'), other.cron()]
    await expect.poll(() => stores.postgresFaults.struck).toBe(2)
    release()
    await Promise.all(crons)
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([5, 5])
  })

  test('five times over, while hits go on', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    for (let round = 0; round < 5; round++) {
      const visits = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? edge : other).get(`/${code}`))
      await Promise.all([...visits, edge.cron(), other.cron()])
    }
    const flushed = async (): Promise<number> => {
      for (const flusher of [edge, other]) await flusher.api('POST', '/flush')
      return stores.flushedHits(id)
    }
    // The last commits may still be on their way.
    await expect.poll(flushed).toBe(50)
    expect(await flushed()).toBe(50)
  })
})
