import { createStatsReads, type StatsRequest } from '../../../src/owners/stats.ts'
import type { Database } from '../../../src/postgres/client.ts'
import { postgresStats } from '../../../src/postgres/stats-store.ts'
import { postgresVisitLog } from '../../../src/postgres/visit-pages.ts'
import { DIMENSION_NAMES } from '../../../src/visits/visit.ts'
import { median } from '../statistics.ts'
import { DOMAINS, idsAt, type LoadOptions, tagOf } from './load-visits.ts'

export interface ReadMeasurement {
  readonly read: string
  /** What the read covers. */
  readonly links: number
  readonly hits: number
  /** The first time, with nothing of it in Postgres's own memory. */
  readonly firstMs: number
  readonly medianMs: number
}

const ROUNDS = 5
const NO_FILTER: StatsRequest['filter'] = { values: {} }

/** Reads as the API makes them, of which none is in Redis. */
export async function measureReads(
  database: Database,
  { links, days }: LoadOptions,
): Promise<ReadMeasurement[]> {
  const reads = createStatsReads({
    stats: postgresStats(database),
    log: postgresVisitLog(database),
    counters: {
      pending: async () => ({ lastReleased: null, segments: [] }),
      pendingLinks: async () => [],
      waiting: async () => [],
    },
    ...{ logDays: 30, now: Date.now },
  })
  const today = Math.floor(Date.now() / 86_400_000)
  const whole = { from: { day: today + 1 - days } }
  const all = { filter: NO_FILTER, range: whole, interval: 'day', groupBy: DIMENSION_NAMES } as const
  const ofDomain = { kind: 'domains', domains: [DOMAINS[0]] } as const
  const [busiest = '', middle = '', quiet = ''] = idsAt(
    [1, Math.ceil(links / 1_000), Math.ceil(links / 10)],
    links,
  )
  const link = (id: string) => ({ kind: 'links', filter: { ids: [id] } }) as const
  const tag = { kind: 'links', filter: { tags: ['tag-1'] } } as const
  const busiestTag = { kind: 'links', filter: { tags: [tagOf(busiest)] } } as const
  const lastDay = { range: { from: { day: today } }, interval: 'hour' } as const
  const ofCountry = { values: { country: ['AA'] } }
  const requests: readonly (readonly [string, StatsRequest])[] = [
    ['the busiest link, all dimensions', { ...all, scope: link(busiest) }],
    ['a link of the first thousandth, all dimensions', { ...all, scope: link(middle) }],
    ['a link of the first tenth, all dimensions', { ...all, scope: link(quiet) }],
    [
      'the busiest link by hours of Berlin',
      { ...all, scope: link(busiest), interval: 'hour', range: { ...whole, timezone: 'Europe/Berlin' } },
    ],
    ['a tag of 1,000 links, counts', { ...all, scope: tag, groupBy: [] }],
    ['a tag of 1,000 links, all dimensions', { ...all, scope: tag }],
    ['the tag of the busiest link, all dimensions', { ...all, scope: busiestTag }],
    ['a domain, all dimensions', { ...all, scope: ofDomain }],
    [
      'a domain by hours of Berlin',
      { ...all, scope: ofDomain, interval: 'hour', range: { ...whole, timezone: 'Europe/Berlin' } },
    ],
    ['all domains, all dimensions', { ...all, scope: { kind: 'domains', domains: null } }],
    [
      'log: the busiest link, a country, today by hours',
      { ...all, ...lastDay, scope: link(busiest), filter: ofCountry },
    ],
    ['log: a tag, a country, today by hours', { ...all, ...lastDay, scope: tag, filter: ofCountry }],
  ]
  const measured: ReadMeasurement[] = []
  for (const [name, request] of requests) {
    measured.push(
      await measure(name, async () => {
        const found = await reads.read(request)
        if ('message' in found) throw new Error(found.message)
        if (found.totals.hits === 0) throw new Error(`Nothing was read: ${name}`)
        return { links: found.links, hits: found.totals.hits }
      }),
    )
  }
  const pages = [
    ['log: a page of 100 of the busiest link', link(busiest)],
    ['log: a page of 100 of a domain', ofDomain],
  ] as const
  for (const [name, scope] of pages) {
    measured.push(
      await measure(name, async () => {
        const found = await reads.visits({ scope, filter: NO_FILTER, range: whole, limit: 100, after: null })
        if ('message' in found) throw new Error(found.message)
        return { links: 0, hits: found.visits.length }
      }),
    )
  }
  measured.push(
    await measure('misses of a domain', async () => {
      const found = await reads.misses({ domains: [DOMAINS[0]], range: whole, limit: 100 })
      if ('message' in found) throw new Error(found.message)
      return { links: 0, hits: found.codes.reduce((sum, { misses }) => sum + misses, 0) }
    }),
  )
  return measured
}

async function measure(
  read: string,
  run: () => Promise<{ readonly links: number; readonly hits: number }>,
): Promise<ReadMeasurement> {
  const times: number[] = []
  let found = { links: 0, hits: 0 }
  for (let round = 0; round <= ROUNDS; round++) {
    const startedAt = performance.now()
    found = await run()
    times.push(Math.round(10 * (performance.now() - startedAt)) / 10)
  }
  const [firstMs = 0, ...later] = times
  return { read, ...found, firstMs, medianMs: median(later) }
}
