import { describe, expect, vi } from 'vitest'
import type { HitCounters } from '../../src/hits/hit-counters.ts'
import { openHitStores } from '../support/hit-stores.ts'
import { test as base } from '../support/linkr.ts'
import { backUp } from '../support/redis-backup.ts'
import { expectStatisticsToAddUp } from '../support/statistics-add-up.ts'

interface Isolate {
  readonly id: string
  /** One batch of hits, which Redis confirms. */
  commit(count: number, at?: number): Promise<void>
  /** Sends the last batch once more, as after an answer that was lost. */
  repeat(): Promise<void>
  readonly counters: HitCounters
}

let sequences = Date.now()

const test = base
  .extend('hits', { scope: 'file' }, ({ stores }) => openHitStores(stores))
  .extend('link', async ({ hits }) => (await hits.makeLinks(1))[0] ?? '')
  .extend('newIsolate', ({ hits, link }) => (): Isolate => {
    const isolate = crypto.randomUUID()
    let counters = hits.newCounters()
    let last = { isolate, sequence: 0, hits: new Map<string, number>() }
    return {
      id: isolate,
      counters,
      commit(count, at = ++sequences) {
        last = { isolate, sequence: at, hits: new Map([[link, count]]) }
        return counters.commit(last)
      },
      repeat() {
        // It has not heard that Redis has it.
        counters = hits.newCounters()
        return counters.commit(last, true)
      },
    }
  })

test.afterEach(async ({ stores }) => {
  await stores.emptyRedis()
  await expectStatisticsToAddUp(stores)
  await stores.sql('TRUNCATE links, applied_hits CASCADE')
})

async function warningsOf(work: () => Promise<unknown>): Promise<string> {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  await work()
  const text = warn.mock.calls.flat().join('\n')
  warn.mockRestore()
  return text
}

const DAY_MS = 24 * 60 * 60_000

describe('Redis goes back to an earlier time: hits', () => {
  test('that isolates add to a segment which was flushed meanwhile count, its own only once', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    const isolate = newIsolate()
    await isolate.commit(10)
    const goBack = await backUp(stores)
    await hits.flush()
    await goBack()
    const other = newIsolate()
    for (let i = 0; i < 5; i++) await other.commit(10)
    await hits.flush()
    expect(await hits.total()).toBe(60)
    await hits.flush()
    expect(await hits.total()).toBe(60)
  })

  test('count all, also if the segment had got more before it was flushed', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    const isolate = newIsolate()
    await isolate.commit(10)
    const goBack = await backUp(stores)
    await isolate.commit(90)
    await hits.flush()
    await goBack()
    await isolate.commit(50)
    await hits.flush()
    expect(await hits.total()).toBe(150)
  })

  test('of a segment that was sealed, but not released, count once, and so do later ones', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    const isolate = newIsolate()
    await isolate.commit(10)
    await isolate.counters.claim(true)
    const goBack = await backUp(stores)
    await hits.flush()
    await goBack()
    await newIsolate().commit(50)
    await hits.flush()
    expect(await hits.total()).toBe(60)
  })

  test('of a segment that comes back twice count, and so do those that it got in between', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    await newIsolate().commit(10)
    const goBack = await backUp(stores)
    const goBackAgain = await backUp(stores)
    await hits.flush()
    await goBack()
    const isolate = newIsolate()
    await isolate.commit(50)
    await hits.flush()
    await goBackAgain()
    await isolate.commit(40)
    await hits.flush()
    expect(await hits.total()).toBe(100)
  })

  test('may be lost if Redis itself lost as many, and the log says so', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    await newIsolate().commit(10)
    const goBack = await backUp(stores)
    await newIsolate().commit(90)
    await hits.flush()
    await goBack()
    // It cannot know that Redis went back, and Postgres cannot tell its hits from the 90.
    await newIsolate().commit(50)
    const warnings = await warningsOf(hits.flush)
    expect(warnings).toMatch(/"event":"hits\.segment_came_back".*"hits":60\b/)
    expect(await hits.total()).toBe(100)
  })

  test('count also after a backup of yesterday, of which Postgres only knows that it was flushed', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    await newIsolate().commit(10, Date.now() - DAY_MS)
    const goBack = await backUp(stores)
    await newIsolate().commit(90, Date.now() - DAY_MS + 60_000)
    await hits.flush()
    await stores.sql(`UPDATE applied_hits SET applied_at = now() - interval '1 day'`)
    await hits.totals.prune()
    expect(await stores.sql('SELECT FROM applied_hits WHERE link_ids IS NOT NULL')).toEqual([])
    await goBack()
    await newIsolate().commit(50)
    await hits.flush()
    expect(await hits.total()).toBe(150)
  })

  test('that cannot be told from counted ones are dropped, and the log says how many', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    await newIsolate().commit(10)
    const goBack = await backUp(stores)
    await hits.flush()
    await stores.sql(`UPDATE applied_hits SET applied_at = now() - interval '4 hours'`)
    await hits.totals.prune()
    await goBack()
    await newIsolate().commit(7)
    expect(await warningsOf(hits.flush)).toMatch(/"event":"hits\.dropped".*"hits":7\b/)
    expect(await hits.total()).toBe(10)
  })
})

describe('Redis goes back to before a batch whose answer was lost: sent again, it counts once', () => {
  test('if it was flushed in a segment with others', async ({ stores, hits, newIsolate }) => {
    const goBack = await backUp(stores)
    await newIsolate().commit(1)
    const isolate = newIsolate()
    await isolate.commit(10)
    await hits.flush()
    await goBack()
    await isolate.repeat()
    await newIsolate().commit(50)
    await hits.flush()
    expect(await hits.total()).toBe(61)
  })

  test('if it was not flushed', async ({ stores, hits, newIsolate }) => {
    const goBack = await backUp(stores)
    const isolate = newIsolate()
    await isolate.commit(10)
    await goBack()
    await isolate.repeat()
    await isolate.repeat()
    await newIsolate().commit(50)
    await hits.flush()
    expect(await hits.total()).toBe(60)
  })

  test('if it is flushed before the segment that another flush had claimed', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    const goBack = await backUp(stores)
    await newIsolate().commit(1)
    const isolate = newIsolate()
    await isolate.commit(10)
    const { segments } = await hits.newCounters().claim(true)
    await goBack()
    await isolate.repeat()
    await hits.flush()
    await hits.totals.apply(segments)
    expect(await hits.total()).toBe(11)
  })

  test('if its segment is filled anew before the flush that claimed it before releases it', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    const isolate = newIsolate()
    await isolate.commit(10)
    const goBack = await backUp(stores)
    const { segments } = await hits.newCounters().claim(true)
    await hits.totals.apply(segments)
    await goBack()
    await newIsolate().commit(50)
    await hits.newCounters().claim(true)
    await hits.newCounters().release(segments)
    await hits.flush()
    expect(await hits.total()).toBe(60)
  })
})

describe('Redis has forgotten which batches it had: one that is sent again counts once', () => {
  const LONG_AGO = Date.now() - 11 * 60_000

  test('while its segment is filled, sealed, and flushed', async ({ stores, hits, newIsolate }) => {
    const isKnown = (id: string) => stores.redis('ZSCORE', `${stores.keyPrefix}v1:hits:writers`, id)
    await newIsolate().commit(1, LONG_AGO)
    const isolate = newIsolate()
    await isolate.commit(10, LONG_AGO + 1)
    await isolate.repeat()
    // Begins another segment, because that one is old: then isolates are forgotten.
    await newIsolate().commit(1)
    expect(await isKnown(isolate.id)).toBeNull()
    await isolate.repeat()
    await hits.flush()
    expect(await hits.total()).toBe(12)
    expect(await isKnown(isolate.id)).toBeNull()
    await isolate.repeat()
    await hits.flush()
    expect(await hits.total()).toBe(12)
  })

  test('and isolates that committed long ago are forgotten by the next segment, without any flush', async ({
    stores,
    hits,
    newIsolate,
  }) => {
    const writers = async () => await stores.redis('ZCARD', `${stores.keyPrefix}v1:hits:writers`)
    for (let i = 0; i < 5; i++) await newIsolate().commit(1, LONG_AGO)
    expect(await writers()).toBe(5)
    // A segment takes no more hits after so long, so this one begins another.
    await newIsolate().commit(1, Date.now())
    expect(await writers()).toBe(1)
    await hits.flush()
    expect(await hits.total()).toBe(6)
  })
})
