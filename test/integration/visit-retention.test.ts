import { describe, expect } from 'vitest'
import type { PrunedVisits } from '../../src/visits/visit-retention.ts'
import { openHitStores } from '../support/hit-stores.ts'
import { test as base } from '../support/linkr.ts'
import { sampleSegment } from '../support/sample-visits.ts'
import { addUpAndForget, expectStatisticsToAddUp } from '../support/statistics-add-up.ts'
import type { Stores } from '../support/stores.ts'

const DAY_S = 24 * 60 * 60
const dayOf = (at: number): string => new Date(at * 1000).toISOString().slice(0, 10)
/** Noon of a day that is not at the edge of a month, some days ago. */
const middleOfMonth = (): number => {
  const day = new Date(Date.now() - 9 * DAY_S * 1000)
  const middle = Date.UTC(
    day.getUTCFullYear(),
    day.getUTCMonth(),
    Math.min(Math.max(day.getUTCDate(), 5), 25),
    12,
  )
  return middle / 1000
}

const test = base
  .extend('hits', { scope: 'file' }, ({ stores }) => openHitStores(stores))
  .extend('count', ({ stores }) => async (table: string) => {
    const [row] = await stores.sql<{ count: number }>(`SELECT count(*)::int FROM ${table}`)
    return row?.count
  })

test.afterEach(({ stores }) => addUpAndForget(stores, { isLogWhole: false }))

describe('retention', () => {
  test('forgets visitors 48 hours after their day, and visits after VISIT_LOG_DAYS', async ({
    hits,
    count,
  }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const at = Math.floor(Date.now() / 1000)
    await hits.totals.apply([sampleSegment([{ linkId, at, visitor: 1 }])])
    const midnight = (Math.floor(at / DAY_S) + 1) * DAY_S
    const rows = async (now: number) => {
      const { complete } = await hits.retention(now * 1000).prune()
      expect(complete).toBe(true)
      return [await count('link_visitors'), await count('domain_visitors'), await count('visits')]
    }
    expect(await rows(midnight + 2 * DAY_S - 1)).toEqual([1, 2, 1])
    expect(await rows(midnight + 2 * DAY_S)).toEqual([0, 0, 1])
    expect(await rows(at + 30 * DAY_S - 1)).toEqual([0, 0, 1])
    expect(await rows(at + 30 * DAY_S + 1)).toEqual([0, 0, 0])
  })

  test('adds the details of old days to their month, without quarters, each once', async ({
    stores,
    hits,
    count,
  }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const at = middleOfMonth()
    const days = [at, at + DAY_S, at + 2 * DAY_S]
    await hits.totals.apply([
      sampleSegment(
        days.map((at, i) => ({ linkId, at, country: i === 0 ? 'AT' : 'DE', referrer: `r${i}.example` })),
      ),
    ])
    const month = `${dayOf(at).slice(0, 7)}-01`
    const months = () => stores.sql('SELECT month::text, dims FROM link_months')
    // The third day stays.
    const twoAreDue = Date.parse(dayOf(at + 2 * DAY_S)) + 90 * DAY_S * 1000
    expect(await hits.retention(twoAreDue).prune()).toMatchObject({ days: 2 + 2 * 2, complete: true })
    const both = {
      ddesktop: 2,
      bFirefox: 2,
      oLinux: 2,
      lde: 2,
      cAT: 1,
      cDE: 1,
      'rr0.example': 1,
      'rr1.example': 1,
    }
    expect(await months()).toEqual([{ month, dims: both }])
    expect(await count('link_details')).toBe(1)
    expect(await hits.retention(twoAreDue).prune()).toMatchObject({ days: 0 })
    // A hit that comes late gives its day details once more.
    await hits.totals.apply([sampleSegment([{ linkId, at, country: 'AT', referrer: 'r0.example' }])])
    await hits.retention(twoAreDue).prune()
    const more = { ddesktop: 3, bFirefox: 3, oLinux: 3, lde: 3, cAT: 2, 'rr0.example': 2 }
    expect(await months()).toEqual([{ month, dims: { ...both, ...more } }])
    expect(await stores.sql(`SELECT dims -> 'cAT' AS n FROM domain_months ORDER BY domain`)).toEqual([
      { n: 2 },
      { n: 2 },
    ])
  })

  test('by two crons at once adds each day once', async ({ stores, hits }) => {
    const ids = await hits.makeLinks(300)
    const at = middleOfMonth()
    await hits.totals.apply([sampleSegment(ids.map((linkId) => ({ linkId, at })))])
    const later = Date.now() + 120 * DAY_S * 1000
    const pruned = await Promise.all([1, 2, 3].map(() => hits.retention(later).prune()))
    await hits.retention(later).prune()
    expect(pruned.reduce((sum, { days }) => sum + days, 0)).toBe(302)
    expect(await stores.sql(`SELECT sum((dims -> 'cDE')::int)::int AS people FROM link_months`)).toEqual([
      { people: 300 },
    ])
    expect(await stores.sql('SELECT count(*)::int FROM link_details')).toEqual([{ count: 0 }])
  })

  test('keeps the rows of months bounded, and their counts whole', async ({ stores, hits }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const at = middleOfMonth()
    for (const day of [0, 1, 2]) {
      const spam = Array.from({ length: 500 }, (_, i) => ({
        linkId,
        at: at + day * DAY_S,
        referrer: `r${day}-${i}.example`,
      }))
      await hits.totals.apply([sampleSegment(spam)])
    }
    await hits.retention(Date.now() + 120 * DAY_S * 1000).prune()
    const [row] = await stores.sql<{ dims: Record<string, number> }>('SELECT dims FROM link_months')
    const dims = row?.dims ?? {}
    expect(Object.keys(dims).length).toBeLessThanOrEqual(601)
    const referred = Object.entries(dims).filter(([key]) => key.startsWith('r'))
    expect(referred.reduce((sum, [, n]) => sum + n, 0)).toBe(1_500)
  })

  test('that has no more time goes on in the next run', async ({ hits, count }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    await hits.totals.apply([sampleSegment([{ linkId, visitor: 1 }])])
    const later = Date.now() + 5 * DAY_S * 1000
    expect(await hits.retention(later, -1).prune()).toMatchObject({ visitors: 0, complete: false })
    expect(await count('link_visitors')).toBe(1)
    expect(await hits.retention(later).prune()).toMatchObject({ visitors: 3, complete: true })
  })
})

describe('the requests of a run', () => {
  const requestsOf = async (stores: Stores, run: Promise<PrunedVisits>) => {
    stores.postgresFaults.resetCounts()
    return [stores.postgresFaults.requests, (await run).complete, stores.postgresFaults.requests]
  }

  test('are one if nothing is due, and one more for each kind that is', async ({ stores, hits }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    await hits.totals.apply([sampleSegment([{ linkId, visitor: 1 }])])
    const inSomeDays = Date.now() + 5 * DAY_S * 1000
    expect(await requestsOf(stores, hits.retention(Date.now()).prune())).toEqual([0, true, 1])
    expect(await requestsOf(stores, hits.retention(inSomeDays).prune())).toEqual([0, true, 3])
  })

  test('end when the invocation may send no more', async ({ stores, hits, count }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    await hits.totals.apply([sampleSegment([{ linkId, visitor: 1 }])])
    const retention = hits.retention(Date.now() + 5 * DAY_S * 1000)
    let left = 2
    expect(
      await requestsOf(
        stores,
        retention.prune(() => left-- > 0),
      ),
    ).toEqual([0, false, 2])
    expect(await count('link_visitors')).toBe(0)
    expect(await count('domain_visitors')).toBe(2)
  })
})

describe('a purge', () => {
  test('deletes what is known of days before one, and no total changes', async ({ stores, hits, count }) => {
    const [linkId = '', other = ''] = await hits.makeLinks(2)
    const at = middleOfMonth()
    const day = { linkId, visitor: 1 }
    await hits.totals.apply([
      sampleSegment([
        { ...day, at },
        { linkId, at, isBot: true },
        { ...day, at: at + DAY_S },
        { linkId: other, at },
      ]),
    ])
    const totals = () =>
      stores.sql(
        'SELECT hits + baseline AS hits, hits + baseline - bots AS people FROM link_hits ORDER BY link_id',
      )
    const before = await totals()
    expect(await hits.purge.purgeStats(linkId, dayOf(at + DAY_S))).toEqual({ days: 1, hits: 2, visits: 2 })
    expect(await totals()).toEqual(before)
    expect(await stores.sql('SELECT day::text, hits FROM link_days WHERE link_id = $1', [linkId])).toEqual([
      { day: dayOf(at + DAY_S), hits: '1' },
    ])
    for (const table of ['link_days', 'link_details', 'visits']) expect(await count(table)).toBe(2)
    await expectStatisticsToAddUp(stores, { isLogWhole: false })
    expect(await hits.purge.purgeStats(linkId, dayOf(at + DAY_S))).toEqual({ days: 0, hits: 0, visits: 0 })
  })

  test('deletes the months that begin before the day', async ({ stores, hits, count }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const at = middleOfMonth()
    await hits.totals.apply([sampleSegment([{ linkId, at }])])
    await hits.retention(Date.now() + 120 * DAY_S * 1000).prune()
    await hits.purge.purgeStats(linkId, `${dayOf(at).slice(0, 7)}-01`)
    expect(await count('link_months')).toBe(1)
    await hits.purge.purgeStats(linkId, `${dayOf(at).slice(0, 7)}-02`)
    expect(await count('link_months')).toBe(0)
    // Its day has people still, and no details to compare them with.
    await stores.sql('DELETE FROM links')
  })

  test('of a link that does not exist says so', async ({ hits }) => {
    expect(await hits.purge.purgeStats('999999', '2030-01-01')).toBeNull()
  })

  test('at the same time as compactions and flushes leaves no details of its days', async ({
    stores,
    hits,
  }) => {
    const ids = await hits.makeLinks(400)
    const at = middleOfMonth()
    const [day, later] = [dayOf(at + DAY_S), at + 91 * DAY_S]
    const fill = () => hits.totals.apply([sampleSegment(ids.map((linkId) => ({ linkId, at })))])
    for (let round = 0; round < 3; round++) {
      await fill()
      let isOver = false
      const pruning = hits.retention(later * 1000).prune()
      const purgeSome = async (first: number) => {
        for (let i = first; !isOver; i = (i + 1) % ids.length) await hits.purge.purgeStats(ids[i] ?? '', day)
      }
      const purging = [100, 200, 300, 399].map(purgeSome)
      await Promise.all([pruning, fill()]).finally(() => {
        isOver = true
      })
      await Promise.all(purging)
      await expectStatisticsToAddUp(stores, { isLogWhole: false })
    }
  })

  test('at the same time as flushes loses no hit', async ({ stores, hits }) => {
    const [linkId = ''] = await hits.makeLinks(1)
    const at = middleOfMonth()
    const work = Array.from({ length: 6 }, async () => {
      await hits.totals.apply([
        sampleSegment([
          { linkId, at },
          { linkId, at: at + DAY_S },
        ]),
      ])
      await hits.purge.purgeStats(linkId, dayOf(at + DAY_S))
    })
    await Promise.all(work)
    expect(await stores.sql('SELECT (hits + baseline)::int AS hits FROM link_hits')).toEqual([{ hits: 12 }])
  })
})
