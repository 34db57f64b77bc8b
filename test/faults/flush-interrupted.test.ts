import { describe, expect } from 'vitest'
import { CLAIM_HITS, RELEASE_HITS } from '../../src/redis/scripts/flush-hits.ts'
import { test as base } from '../support/fault-test.ts'
import { type FaultRule, runs } from '../support/faults.ts'

const appliesHits: FaultRule['when'] = ({ commands }) => commands.some((sql) => sql.includes('applied_hits'))

const test = base.extend('linkWithHits', ({ edge }) => async (hits: number): Promise<string> => {
  const { id, code } = await edge.create({ url: 'https://example.com/' })
  for (let i = 0; i < hits; i++) await edge.get(`/${code}`)
  // On its way to Redis a flush would not find it.
  await expect.poll(() => edge.hitsOf(id)).toBe(hits)
  return id
})

describe('crash', () => {
  test('between apply and release: the hits are in Postgres once, and their owner sees them once', async ({
    stores,
    edge,
    elsewhere,
    linkWithHits,
  }) => {
    const id = await linkWithHits(3)
    stores.redisFaults.inject({ kind: 'refuse' }, runs(RELEASE_HITS))
    expect((await edge.flush()).status).toBe(503)
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([3, 3])
    stores.heal()
    await elsewhere.cron()
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([3, 3])
  })

  test('between claim and apply: the next cron applies what was claimed', async ({
    stores,
    edge,
    elsewhere,
    linkWithHits,
  }) => {
    const id = await linkWithHits(3)
    stores.postgresFaults.inject({ kind: 'refuse' }, appliesHits)
    expect((await edge.flush()).status).toBe(503)
    stores.heal()
    await elsewhere.cron()
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([3, 3])
  })

  test.for([
    ['claim', 'redisFaults', runs(CLAIM_HITS)],
    ['apply', 'postgresFaults', appliesHits],
    ['release', 'redisFaults', runs(RELEASE_HITS)],
  ] as const)(
    'in the middle of the %s, which happened: the hits count once',
    async ([_, faults, when], { stores, edge, elsewhere, linkWithHits }) => {
      const id = await linkWithHits(3)
      stores[faults].inject({ kind: 'drop-answer' }, when)
      expect((await edge.flush()).status).toBe(503)
      stores.heal()
      await elsewhere.cron()
      expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([3, 3])
    },
  )
})

describe('two crons at once', () => {
  test('apply every hit once, both held between claim and apply', async ({
    stores,
    edge,
    elsewhere,
    linkWithHits,
  }) => {
    const id = await linkWithHits(5)
    const release = stores.postgresFaults.hold(appliesHits)
    const crons = [edge.flush(), elsewhere.cron()]
    await expect.poll(() => stores.postgresFaults.struck).toBe(2)
    release()
    await Promise.all(crons)
    expect([await stores.flushedHits(id), await edge.hitsOf(id)]).toEqual([5, 5])
  })

  test('five times over, while hits go on', async ({ stores, edge, elsewhere }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    for (let round = 0; round < 5; round++) {
      const visits = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? edge : elsewhere).get(`/${code}`))
      await Promise.all([...visits, edge.cron(), elsewhere.cron()])
    }
    const flushed = async (): Promise<number> => {
      for (const flusher of [edge, elsewhere]) await flusher.flush()
      return stores.flushedHits(id)
    }
    // The last commits may still be on their way.
    await expect.poll(flushed).toBe(50)
    expect(await flushed()).toBe(50)
  })
})
