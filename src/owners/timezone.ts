/**
 * @module
 * Calendars of timezones, by `Intl`: linkr counts by UTC and shows by the owner's clock. All times are seconds since the
 * epoch; local ones are those that a clock in UTC would show at the same reading.
 */

import { DAY_S } from '../visits/visit.ts'

export const HOUR_S = 60 * 60

export interface Timezone {
  /** What a local clock reads. */
  toLocal(at: number): number
  /** The first instant after `after` at which a local clock reads `local` or, where it jumps over that, later. */
  toInstant(local: number, after?: number): number
}

/** For as long as an offset lasts. */
interface Offset {
  readonly since: number
  readonly seconds: number
}

/** No timezone ever changed its offset and back within a week. */
const STEP_S = 7 * DAY_S

export function isTimezone(name: string): boolean {
  try {
    clockOf(name)
    return true
  } catch {
    return false
  }
}

/** Good for times between `from` and `to`. */
export function openTimezone(name: string, from: number, to: number): Timezone {
  const offsets = name === 'UTC' ? [{ since: from, seconds: 0 }] : offsetsBetween(clockOf(name), from, to)
  const [first] = offsets
  return {
    toLocal(at) {
      const seconds = offsets.findLast(({ since }) => since <= at)?.seconds ?? first?.seconds ?? 0
      return at + seconds
    },
    toInstant(local, after = Number.NEGATIVE_INFINITY) {
      for (const [i, { since, seconds }] of offsets.entries()) {
        const at = i === 0 ? local - seconds : Math.max(local - seconds, since)
        const until = offsets[i + 1]?.since ?? Number.POSITIVE_INFINITY
        if (at < until && at > after) return at
      }
      throw new RangeError('the last offset has no end')
    },
  }
}

function offsetsBetween(clock: Intl.DateTimeFormat, from: number, to: number): Offset[] {
  let seconds = offsetAt(clock, from)
  const offsets = [{ since: from, seconds }]
  for (let at = from; at < to; at += STEP_S) {
    const next = offsetAt(clock, at + STEP_S)
    if (next === seconds) continue
    let [before, since] = [at, at + STEP_S]
    while (since - before > 1) {
      const middle = Math.floor((before + since) / 2)
      if (offsetAt(clock, middle) === seconds) before = middle
      else since = middle
    }
    seconds = next
    offsets.push({ since, seconds })
  }
  return offsets
}

/** @throws {RangeError} for a timezone that does not exist. */
const clockOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  })

function offsetAt(clock: Intl.DateTimeFormat, at: number): number {
  // As `12/31/2026, 23:59:59`.
  const read = clock.format(at * 1_000).match(/\d+/g) ?? []
  const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0] = read.map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000 - at
}
