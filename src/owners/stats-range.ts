import { DAY_S, QUARTER_S } from '../visits/visit.ts'
import { HOUR_S, isTimezone, openTimezone, type Timezone } from './timezone.ts'

export const INTERVALS = ['hour', 'day', 'week', 'month'] as const
export type Interval = (typeof INTERVALS)[number]

/** A day of the timezone, in days since 1970-01-01, or an instant. */
export type RangeTime = { readonly day: number } | Date

export interface RequestedRange {
  readonly from?: RangeTime | undefined
  /** A day is included, an instant is not. */
  readonly to?: RangeTime | undefined
  readonly timezone?: string | undefined
}

/** A part of time and its points. All times are seconds since the epoch, at quarters of an hour. */
export interface StatsRange {
  readonly from: number
  /** Excluded. */
  readonly to: number
  /** Whether hits of this moment are in it. */
  readonly reachesNow: boolean
  /** Where each point begins; the first one at `from`. */
  readonly points: readonly number[]
  /** Where the last one ends: at `to`, or with the day that is not over yet. */
  readonly end: number
  /** Every UTC day that has a part in it, in their order. */
  readonly days: readonly RangeDay[]
}

export interface RangeDay {
  /** Since 1970-01-01. */
  readonly day: number
  /** The point that has all of it, counted from 1; 0 = it is divided. */
  readonly whole: number
  /** The point that has the noon of the same date, counted from 1: where the day goes if it cannot be divided; 0 = none. */
  readonly point: number
  /** Whether it belongs to the range where only whole days are known: by its date, or for a range of hours by its parts. */
  readonly isCounted: boolean
}

export interface RangeProblem {
  /** As the API has it. */
  readonly path: string
  readonly message: string
}

const DEFAULT_DAYS = 30
const MAX_S = 5 * 366 * DAY_S
const MAX_POINTS = 2_200
/** More than a month, which the interval at an end may have outside. */
const MARGIN_S = 40 * DAY_S
/** The shortest one, in spring. */
const SHORTEST_DAY_S = 23 * HOUR_S

/** @param now milliseconds since the epoch. */
export function resolveRange(
  { from, to, timezone = 'UTC' }: RequestedRange,
  interval: Interval,
  now: number,
): StatsRange | RangeProblem {
  if (!isTimezone(timezone)) {
    return { path: 'timezone', message: 'must be a name of the IANA database, like Europe/Berlin' }
  }
  const present = Math.floor(now / 1_000)
  const roughTo = roughly(to, 1) ?? present
  const roughFrom = roughly(from, 0) ?? roughTo - DEFAULT_DAYS * DAY_S
  // A timezone is a day off at most.
  if (roughTo - roughFrom < -2 * DAY_S) return NOT_BEFORE
  if (roughTo - roughFrom > MAX_S + 2 * DAY_S) return TOO_LONG
  const zone = openTimezone(timezone, roughFrom - MARGIN_S, roughTo + MARGIN_S)

  const instant = (time: RangeTime, days: number): number =>
    time instanceof Date ? time.getTime() / 1_000 : zone.toInstant((time.day + days) * DAY_S)
  const exactTo = to === undefined ? present : instant(to, 1)
  const lastDay = localDay(zone, Math.ceil(exactTo) - 1)
  const exactFrom = from === undefined ? instant({ day: lastDay + 1 - DEFAULT_DAYS }, 0) : instant(from, 0)
  const range = { from: floor(exactFrom), to: -floor(-exactTo) }
  if (range.from >= range.to) return NOT_BEFORE
  if (range.to - range.from > MAX_S) return TOO_LONG

  const points = [range.from]
  for (let at = range.from; ; points.push(at)) {
    at = nextPoint(zone, interval, at)
    if (at >= range.to) break
    if (points.length === MAX_POINTS) {
      const message = `would give more than ${MAX_POINTS} points: choose a longer one, or a shorter range`
      return { path: 'interval', message }
    }
  }
  const reachesNow = range.from <= present && range.to >= present
  const end = reachesNow ? nextPoint(zone, 'day', range.to - 1) : range.to
  return { ...range, reachesNow, points, end, days: daysOf(zone, { ...range, reachesNow, points, end }) }
}

/** Whether whole days say something about a range: otherwise it is too short for that. */
export const hasDays = ({ from, end }: Pick<StatsRange, 'from' | 'end'>): boolean =>
  end - from >= SHORTEST_DAY_S

const NOT_BEFORE: RangeProblem = { path: 'from', message: 'must be before "to"' }
const TOO_LONG: RangeProblem = { path: 'from', message: 'must be at most 5 years before "to"' }

const floor = (at: number): number => Math.floor(at / QUARTER_S) * QUARTER_S

/** As if it were in UTC. */
function roughly(time: RangeTime | undefined, days: number): number | undefined {
  if (time === undefined) return undefined
  return time instanceof Date ? time.getTime() / 1_000 : (time.day + days) * DAY_S
}

const localDay = (zone: Timezone, at: number): number => Math.floor(zone.toLocal(at) / DAY_S)

/** Where the interval ends that has `at`. Weeks begin on Monday. */
function nextPoint(zone: Timezone, interval: Interval, at: number): number {
  if (interval === 'hour') return at + HOUR_S - (zone.toLocal(at) % HOUR_S)
  const day = localDay(zone, at)
  return zone.toInstant(nextDay(interval, day) * DAY_S, at)
}

function nextDay(interval: Exclude<Interval, 'hour'>, day: number): number {
  if (interval === 'day') return day + 1
  // 1970-01-01 was a Thursday.
  if (interval === 'week') return day + 7 - ((day + 3) % 7)
  const date = new Date(day * DAY_S * 1_000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) / 1_000 / DAY_S
}

function daysOf(zone: Timezone, range: Omit<StatsRange, 'days'>): RangeDay[] {
  const { from, to, reachesNow, points, end } = range
  const isMidnight = (at: number): boolean => zone.toLocal(at) % DAY_S === 0
  const isOfDates = isMidnight(from) && (reachesNow || isMidnight(to))
  /** Counted from 1; 0 = outside. Times come in their order, and so the search goes on where it ended. */
  const pointsIn = () => {
    let passed = 0
    return (at: number): number => {
      while (passed < points.length && (points[passed] ?? 0) <= at) passed++
      return at < end ? passed : 0
    }
  }
  const [pointOf, noonPointOf] = [pointsIn(), pointsIn()]
  const days: RangeDay[] = []
  for (let day = Math.floor(from / DAY_S); day * DAY_S < to; day++) {
    const begun = pointOf(day * DAY_S)
    const isWhole = begun > 0 && (points[begun] ?? end) >= (day + 1) * DAY_S
    const point = noonPointOf(zone.toInstant(day * DAY_S + DAY_S / 2))
    days.push({ day, whole: isWhole ? begun : 0, point, isCounted: isOfDates ? point > 0 : true })
  }
  return days
}
