import { DAY_S, DIMENSION_NAMES, type Dimension, QUARTER_S } from '../visits/visit.ts'
import {
  hasDays,
  type Interval,
  type RangeProblem,
  type RequestedRange,
  resolveRange,
  type StatsRange,
} from './stats-range.ts'
import type { Counts, StatsGroup, StatsScope, StatsStore, StoredStats, VisitFilter } from './stats-store.ts'
import type { MissedCode, VisitLog, VisitPage, VisitPosition } from './visit-log.ts'
import { type WaitingCounters, waitingHits } from './waiting-hits.ts'

export interface StatsRequest {
  readonly scope: StatsScope
  readonly filter: VisitFilter
  readonly range: RequestedRange
  readonly interval: Interval
  readonly groupBy: readonly Dimension[]
}

export interface Stats {
  /** Of the scope, unless it is one of domains. */
  readonly links: number
  readonly from: Date
  readonly to: Date
  /** Before, a day that does not lie within one point counts as a whole; `null` = none does. */
  readonly approximateBefore: Date | null
  /** `waiting` are those of the hits that Redis still has; `null` = not known, and not among the hits. */
  readonly totals: Counts & { readonly waiting: number | null }
  readonly series: readonly (Counts & { readonly at: Date })[]
  readonly groups: Readonly<
    Partial<Record<Dimension, StatsGroup & { readonly from: Date; readonly to: Date }>>
  >
}

export type VisitsRequest = Pick<StatsRequest, 'scope' | 'filter' | 'range'> & {
  readonly limit: number
  readonly after: VisitPosition | null
}

export interface MissesRequest {
  readonly domains: readonly string[] | null
  readonly range: RequestedRange
  readonly limit: number
}

export interface Misses {
  readonly from: Date
  readonly to: Date
  readonly codes: readonly MissedCode[]
}

/** What visits tell. Every method resolves to what is wrong with the request, or throws what its store does. */
export interface StatsReads {
  read(request: StatsRequest): Promise<Stats | RangeProblem>
  visits(request: VisitsRequest): Promise<VisitPage | RangeProblem>
  /** By UTC days. */
  misses(request: MissesRequest): Promise<Misses | RangeProblem>
}

export interface StatsReadsOptions {
  readonly stats: StatsStore
  readonly log: VisitLog
  readonly counters: WaitingCounters
  /** 0 = there is no log. */
  readonly logDays: number
  readonly now: () => number
}

export function createStatsReads(options: StatsReadsOptions): StatsReads {
  const { stats, log, counters, logDays, now } = options

  /** Why the log cannot tell of a range; `null` = it can. */
  function outsideLog(from: number, field: string): RangeProblem | null {
    if (logDays === 0) {
      const message = 'needs the log of visits, which is switched off (VISIT_LOG_DAYS is 0): leave it out'
      return { path: field, message }
    }
    const earliest = Math.ceil((now() / 1_000 - logDays * DAY_S) / QUARTER_S) * QUARTER_S
    if (from >= earliest) return null
    const since = toDate(earliest).toISOString()
    return {
      path: 'from',
      message: `must be ${since} or later: "${field}" needs the log of visits, which begins there`,
    }
  }

  async function count(request: StatsRequest, range: StatsRange): Promise<[StoredStats, number | null]> {
    const { scope } = request
    const waiting = range.reachesNow ? await waitingHits(counters, scope) : []
    const stored = await stats.count({ ...request, range }, waiting ?? [])
    return [stored, waiting === null ? null : stored.waiting]
  }

  return {
    async read(request) {
      const { filter, interval } = request
      const range = resolveRange(request.range, interval, now())
      if ('message' in range) return range
      const filteredBy = firstFilter(filter)
      if (filteredBy === null) return toStats(range, interval, ...(await count(request, range)))
      const problem = outsideLog(range.from, filteredBy)
      if (problem !== null) return problem
      const stored = await stats.countLogged({ ...request, range }, filter)
      return toLoggedStats(range, stored)
    },

    async visits({ scope, filter, range: requested, limit, after }) {
      const range = resolveRange(requested, 'month', now())
      if ('message' in range) return range
      const { from, to } = range
      return log.page({ scope, filter, from, to, limit, after })
    },

    async misses({ domains, range: requested, limit }) {
      const range = resolveRange(requested, 'month', now())
      if ('message' in range) return range
      const [from, to] = [Math.floor(range.from / DAY_S), Math.ceil(range.to / DAY_S)]
      const codes = await log.misses({ domains, from, to, limit })
      return { from: toDate(from * DAY_S), to: toDate(to * DAY_S), codes }
    },
  }
}

/** The name of a filter as the API has it; `null` = there is none. */
function firstFilter({ isBot, values }: VisitFilter): string | null {
  return isBot === undefined ? (DIMENSION_NAMES.find((name) => values[name] !== undefined) ?? null) : 'bot'
}

function toStats(range: StatsRange, interval: Interval, stored: StoredStats, waiting: number | null): Stats {
  const withDay = new Set(interval === 'hour' || !hasDays(range) ? [] : range.days.map(({ point }) => point))
  const shown = present(range, stored, (point, visitors) => (withDay.has(point) ? (visitors ?? 0) : null))
  const hits = shown.totals.hits + (waiting ?? 0)
  const visitors = hasDays(range) ? stored.visitors : null
  return { ...shown, totals: { ...shown.totals, hits, visitors, waiting } }
}

/** Hits that wait are not in the log, and what they are is not known yet. */
function toLoggedStats(range: StatsRange, stored: StoredStats): Stats {
  const shown = present(range, stored, (_, visitors) => visitors ?? 0)
  return { ...shown, totals: { ...shown.totals, waiting: range.reachesNow ? null : 0 } }
}

const NOTHING: Counts = { hits: 0, bots: 0, visitors: null }

/** @param visitorsOf says how many visitors a point has, given what is stored. */
function present(
  { from, to, points }: StatsRange,
  { links, points: counts, visitors, dividedSince, groups, groupRange }: StoredStats,
  visitorsOf: (point: number, visitors: number | null) => number | null,
) {
  const series = points.map((at, i) => {
    const stored = counts.get(i + 1) ?? NOTHING
    return { at: toDate(at), ...stored, visitors: visitorsOf(i + 1, stored.visitors) }
  })
  const [groupsFrom, groupsTo] = groupRange.map(toDate) as [Date, Date]
  const ofDimension = Object.entries(groups).map(([name, group]) => {
    return [name, { from: groupsFrom, to: groupsTo, ...group }]
  })
  return {
    ...{ links, from: toDate(from), to: toDate(to), series },
    approximateBefore: dividedSince === null ? null : toDate(dividedSince * DAY_S),
    totals: { hits: sum(series, 'hits'), bots: sum(series, 'bots'), visitors },
    groups: Object.fromEntries(ofDimension) as Stats['groups'],
  }
}

const toDate = (seconds: number): Date => new Date(seconds * 1_000)
const sum = (counts: readonly Counts[], field: 'hits' | 'bots'): number =>
  counts.reduce((total, one) => total + one[field], 0)
