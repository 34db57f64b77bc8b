import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  INTERVALS,
  type Interval,
  type RangeTime,
  resolveRange,
  type StatsRange,
} from '../../src/owners/stats-range.ts'
import { isTimezone, openTimezone } from '../../src/owners/timezone.ts'
import { DAY_S } from '../../src/visits/visit.ts'

const NOW = Date.parse('2027-01-15T10:07:30Z')
const day = (text: string) => ({ day: Date.parse(`${text}T00:00:00Z`) / 1_000 / DAY_S })
const shown = (seconds: number): string => new Date(seconds * 1_000).toISOString().replace(':00.000Z', '')

interface Asked {
  readonly from?: RangeTime
  readonly to?: RangeTime
  readonly timezone?: string
}

function resolved(asked: Asked, interval: Interval = 'day'): StatsRange {
  const range = resolveRange(asked, interval, NOW)
  if ('message' in range) throw new Error(`${range.path} ${range.message}`)
  return range
}
const pointsOf = (asked: Asked, interval?: Interval): string[] => resolved(asked, interval).points.map(shown)

describe('a range', () => {
  test('is the last 30 days of the timezone, today included, when nothing is asked', () => {
    const { from, to, end, reachesNow, points } = resolved({})
    expect([shown(from), shown(to), shown(end), reachesNow]).toEqual([
      '2026-12-17T00:00',
      '2027-01-15T10:15',
      '2027-01-16T00:00',
      true,
    ])
    expect(points).toHaveLength(30)
    const tokyo = resolved({ timezone: 'Asia/Tokyo' })
    expect([shown(tokyo.from), shown(tokyo.end)]).toEqual(['2026-12-16T15:00', '2027-01-15T15:00'])
  })

  test('does not have the hits of this moment if it begins later', () => {
    expect(resolved({ from: day('2030-01-01'), to: day('2030-01-02') }).reachesNow).toBe(false)
    expect(resolved({ from: day('2027-01-01'), to: day('2030-01-02') }).reachesNow).toBe(true)
  })

  test('includes the day that it ends with, and not the instant', () => {
    expect(pointsOf({ from: day('2026-12-30'), to: day('2026-12-31') })).toEqual([
      '2026-12-30T00:00',
      '2026-12-31T00:00',
    ])
    const to = new Date('2026-12-31T00:00:00Z')
    expect(pointsOf({ from: day('2026-12-30'), to })).toEqual(['2026-12-30T00:00'])
  })

  test('is widened to quarters of an hour', () => {
    const range = { from: new Date('2026-12-30T10:07:00Z'), to: new Date('2026-12-30T11:46:00Z') }
    const { from, to } = resolved(range)
    expect([shown(from), shown(to)]).toEqual(['2026-12-30T10:00', '2026-12-30T12:00'])
  })

  test('has a day of 23 hours in spring and one of 25 in autumn', () => {
    const timezone = 'Europe/Berlin'
    const hours = (date: string) => pointsOf({ from: day(date), to: day(date), timezone }, 'hour')
    const [spring, autumn] = [hours('2026-03-29'), hours('2026-10-25')]
    expect([spring.length, spring[0], spring.at(-1)]).toEqual([23, '2026-03-28T23:00', '2026-03-29T21:00'])
    expect([autumn.length, autumn[0], autumn.at(-1)]).toEqual([25, '2026-10-24T22:00', '2026-10-25T22:00'])
    expect(pointsOf({ from: day('2026-03-28'), to: day('2026-03-30'), timezone })).toEqual([
      '2026-03-27T23:00',
      '2026-03-28T23:00',
      '2026-03-29T22:00',
    ])
  })

  test.for([
    ['Asia/Kolkata', '2026-06-30T18:30'],
    ['Asia/Kathmandu', '2026-06-30T18:15'],
    ['America/St_Johns', '2026-07-01T02:30'],
    ['Pacific/Kiritimati', '2026-06-30T10:00'],
  ] as const)('begins a day at midnight of %s', ([timezone, midnight]) => {
    expect(pointsOf({ from: day('2026-07-01'), to: day('2026-07-01'), timezone })).toEqual([midnight])
    const hours = pointsOf({ from: day('2026-07-01'), to: day('2026-07-01'), timezone }, 'hour')
    expect([hours.length, hours[0]]).toEqual([24, midnight])
  })

  test('begins a day that has no midnight where the clock jumps to', () => {
    const asked = { from: day('2023-04-28'), to: day('2023-04-28'), timezone: 'Africa/Cairo' }
    expect(pointsOf(asked, 'hour')).toHaveLength(23)
    expect(pointsOf(asked)).toEqual(['2023-04-27T22:00'])
  })

  test('has weeks from Monday on, and months, cut at its ends', () => {
    expect(pointsOf({ from: day('2026-12-31'), to: day('2027-01-12') }, 'week')).toEqual([
      '2026-12-31T00:00',
      '2027-01-04T00:00',
      '2027-01-11T00:00',
    ])
    expect(pointsOf({ from: day('2026-11-30'), to: day('2027-01-01') }, 'month')).toEqual([
      '2026-11-30T00:00',
      '2026-12-01T00:00',
      '2027-01-01T00:00',
    ])
  })

  test('of dates counts the UTC days of the same dates, and one of hours all that it touches', () => {
    const counted = (asked: Asked) =>
      resolved(asked)
        .days.filter(({ isCounted }) => isCounted)
        .map((one) => shown(one.day * DAY_S).slice(0, 10))
    const april = { from: day('2026-04-01'), to: day('2026-04-30') }
    for (const timezone of ['UTC', 'Europe/Berlin', 'Pacific/Auckland', 'America/Los_Angeles']) {
      const days = counted({ ...april, timezone })
      expect([days.length, days[0], days.at(-1)]).toEqual([30, '2026-04-01', '2026-04-30'])
    }
    const hours = { from: new Date('2026-04-01T20:00:00Z'), to: new Date('2026-04-02T03:00:00Z') }
    expect(counted(hours)).toEqual(['2026-04-01', '2026-04-02'])
  })

  test.for([
    [{ timezone: 'Mars/Phobos' }, 'timezone'],
    [{ timezone: '' }, 'timezone'],
    [{ from: day('2026-02-01'), to: day('2026-01-01') }, 'from'],
    [{ from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-01-01T00:00:00Z') }, 'from'],
    [{ from: day('2028-01-01') }, 'from'],
    [{ from: day('2020-01-01'), to: day('2026-01-01') }, 'from'],
    [{ from: day('1970-01-01'), to: day('9999-12-31') }, 'from'],
    [{ from: day('2026-01-01'), to: day('2026-06-01') }, 'interval'],
  ] as const)('refuses %j', ([asked, path]) => {
    expect(resolveRange(asked, 'hour', NOW)).toMatchObject({ path, message: expect.any(String) })
  })

  test('of 5 years has room for its days, and of 9999 for its last one', () => {
    expect(pointsOf({ from: day('2022-01-01'), to: day('2026-12-31') })).toHaveLength(1_826)
    expect(pointsOf({ from: day('9999-12-31'), to: day('9999-12-31'), timezone: 'Asia/Tokyo' })).toHaveLength(
      1,
    )
    expect(pointsOf({ from: day('1970-01-01'), to: day('1970-01-01'), timezone: 'Asia/Tokyo' })).toHaveLength(
      1,
    )
  })

  test('has no gap and no point twice, in any timezone', () => {
    const timezones = Intl.supportedValuesOf('timeZone')
    const start = Date.parse('2005-01-01T00:00:00Z') / 1_000 / DAY_S
    fc.assert(
      fc.property(
        fc.constantFrom(...timezones),
        fc.constantFrom(...INTERVALS),
        fc.nat(9_000),
        fc.integer({ min: 0, max: 80 }),
        (timezone, interval, offset, length) => {
          const from = { day: start + offset }
          const range = resolved({ from, to: { day: from.day + length }, timezone }, interval)
          const { points, end, days } = range
          expect(points[0]).toBe(range.from)
          for (const [i, point] of points.entries()) {
            const next = points[i + 1] ?? end
            expect(next).toBeGreaterThan(point)
            if (interval === 'hour') expect(next - point).toBeLessThanOrEqual(3_600)
            if (interval === 'day') expect(next - point).toBeLessThan(50 * 3_600)
          }
          if (interval === 'day') expect(points.length).toBeGreaterThanOrEqual(length)
          for (const { day: one, whole } of days) {
            if (whole === 0) continue
            expect(points[whole - 1]).toBeLessThanOrEqual(one * DAY_S)
            expect(points[whole] ?? end).toBeGreaterThanOrEqual((one + 1) * DAY_S)
          }
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('a timezone', () => {
  test('reads what a clock there reads', () => {
    const berlin = openTimezone('Europe/Berlin', NOW / 1_000 - 400 * DAY_S, NOW / 1_000)
    const at = (text: string) => Date.parse(text) / 1_000
    expect(berlin.toLocal(at('2026-07-01T12:00:00Z'))).toBe(at('2026-07-01T14:00:00Z'))
    expect(berlin.toLocal(at('2026-03-29T00:59:59Z'))).toBe(at('2026-03-29T01:59:59Z'))
    expect(berlin.toLocal(at('2026-03-29T01:00:00Z'))).toBe(at('2026-03-29T03:00:00Z'))
    // An hour that the clock leaves out, and one that it reads twice.
    expect(berlin.toInstant(at('2026-03-29T02:30:00Z'))).toBe(at('2026-03-29T01:00:00Z'))
    expect(berlin.toInstant(at('2026-10-25T02:30:00Z'))).toBe(at('2026-10-25T00:30:00Z'))
  })

  test('exists or does not', () => {
    expect(['UTC', 'Europe/Berlin', 'Asia/Kolkata'].filter((name) => !isTimezone(name))).toEqual([])
    expect(['', 'x', 'Europe/Nowhere', '../etc', '\0'].filter(isTimezone)).toEqual([])
  })
})
