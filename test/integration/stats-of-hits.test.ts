import { describe, expect } from 'vitest'
import { createRandom } from '../chaos/random.ts'
import { openHitStores } from '../support/hit-stores.ts'
import { test as base } from '../support/linkr.ts'
import { type SampleVisit, sampleSegment } from '../support/sample-visits.ts'
import { expectStatisticsToAddUp } from '../support/statistics-add-up.ts'

interface Counts {
  readonly hits: number
  readonly people: number
  readonly bots: number
  readonly visitors: number | null
}
interface Stats {
  readonly totals: Counts
  readonly series: readonly (Counts & { readonly at: string })[]
  readonly groups: Readonly<Record<string, { readonly values: readonly unknown[]; readonly other: number }>>
  readonly approximateBefore: string | null
}

const DAY_MS = 24 * 60 * 60 * 1_000
const DAYS = 6
const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Auckland']
const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

const test = base
  .override('settings', { DOMAINS: 'go.example.com' })
  .extend('hits', { scope: 'file' }, ({ stores }) => openHitStores(stores))
  .extend('stats', ({ edge }) => async (path: string): Promise<Stats> => {
    const response = await edge.api('GET', path)
    expect([response.status, response.status === 200 ? '' : await response.text()]).toEqual([200, ''])
    return (await response.json()) as Stats
  })

const GROUPS = 'groupBy=country&groupBy=referrer&groupBy=device&groupBy=utmSource&groupBy=city'

describe('statistics of hits that were flushed', () => {
  test('are the same from the sums of days as from the log, by any clock, and stay so when days become months', async ({
    stores,
    hits,
    stats,
  }) => {
    const [one = '', two = '', three = ''] = await hits.makeLinks(3)
    await stores.sql("UPDATE links SET domain = 'go.example.com', tags = '{spring}' WHERE id = $1", [three])
    await stores.sql("UPDATE links SET tags = '{spring}' WHERE id = $1", [two])
    const now = Date.now()
    console.log(`the visits of ${now}`)
    const random = createRandom(now)
    for (let segments = 0; segments < 4; segments++) {
      const visits = Array.from(
        { length: 150 },
        (): SampleVisit => ({
          linkId: random.pick([one, two, three]),
          at: Math.floor((now - random.whole(0, DAYS * DAY_MS)) / 1_000),
          isBot: random.whole(1, 5) === 1,
          visitor: random.whole(1, 4) === 1 ? null : random.whole(0, 40) * 100_000_000,
          country: random.pick(['DE', 'AT', 'XX']),
          referrer: random.pick(['', 'example.com', 'example.org']),
          device: random.pick(['mobile', 'desktop']),
          utmSource: random.pick(['', 'mail']),
        }),
      )
      await hits.totals.apply([sampleSegment(visits)])
    }
    await expectStatisticsToAddUp(stores)

    const range = `from=${dateOf(now - (DAYS + 1) * DAY_MS)}`
    const all: Record<string, Stats> = {}
    for (const scope of ['', `&link=${one}`, '&tag=spring', '&domain=go.example.com']) {
      for (const timezone of ZONES) {
        for (const interval of ['hour', 'day', 'week']) {
          const asked = `/stats?${range}&timezone=${timezone}&interval=${interval}${scope}`
          const [sums, people, bots] = [
            await stats(asked),
            await stats(`${asked}&bot=false`),
            await stats(`${asked}&bot=true`),
          ]
          expect(sums.approximateBefore).toBeNull()
          expect(sums.series.map((point) => [point.at, point.people, point.bots])).toEqual(
            people.series.map(({ at, people: count }, i) => [at, count, bots.series[i]?.bots]),
          )
          expect([sums.totals.people, sums.totals.bots]).toEqual([people.totals.people, bots.totals.bots])
        }
      }
      const asked = `/stats?${range}&${GROUPS}${scope}`
      const [sums, people] = [await stats(asked), await stats(`${asked}&bot=false`)]
      all[asked] = sums
      expect(sums.totals.people).toBeGreaterThan(50)
      for (const [name, { values, other }] of Object.entries(people.groups)) {
        expect([name, sums.groups[name]]).toMatchObject([name, { values, other }])
      }
      // The same visitor at two links is one of each.
      if (scope === '' || scope.includes('link') || scope.includes('domain')) {
        expect(sums.series.map(({ visitors }) => visitors)).toEqual(
          people.series.map(({ visitors }) => visitors),
        )
        expect(sums.totals.visitors).toBe(people.totals.visitors)
      }
    }

    // As if a hundred days had gone by.
    for (let runs = 0; runs < 20; runs++) {
      if ((await hits.retention(now + 100 * DAY_MS).prune()).complete) break
    }
    expect(await stores.sql('SELECT 1 FROM link_details')).toEqual([])
    for (const [asked, before] of Object.entries(all)) {
      const after = await stats(asked)
      expect(after.series).toEqual(before.series)
      expect([after.totals, after.approximateBefore]).toEqual([before.totals, null])
      for (const [name, { values, other }] of Object.entries(before.groups)) {
        expect([name, after.groups[name]]).toMatchObject([name, { values, other }])
      }
    }
    const approximate = await stats(`/stats?${range}&timezone=Asia/Kathmandu&interval=hour`)
    expect(approximate.approximateBefore).not.toBeNull()
    expect(approximate.totals.hits).toBe(600)
  })
})
