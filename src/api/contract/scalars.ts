import * as v from 'valibot'
import { parseHost } from '../../links/host.ts'
import { DAY_MS } from '../../visits/visit.ts'

/**
 * What every text of a request must be: Postgres cannot hold NUL, nor UTF-8 a lone surrogate, and no field needs another
 * control character either.
 */
export const text = v.pipe(
  v.string('must be a text'),
  v.check((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), 'must not contain control characters'),
)

export const printable = v.pipe(text, v.trim())

export const maxCharacters = (max: number) =>
  v.maxLength<string, number, string>(max, `must have at most ${max} characters`)

/** Of 1 to `max` characters. */
export const label = (max: number) => v.pipe(printable, v.nonEmpty('must not be empty'), maxCharacters(max))

/**
 * An array that is measured before anything looks into it: checking two million elements of a list that may have fifty
 * takes seconds and gigabytes.
 */
export function list<Item extends v.GenericSchema>(item: Item, max: number, tooLong: string) {
  const all = v.array(item, 'must be a list')
  const measured: typeof all = {
    ...all,
    '~run': (dataset, config) => {
      const { value } = dataset
      const isTooLong = Array.isArray(value) && value.length > max
      // `maxLength` refuses it; until then it passes as a list.
      return isTooLong ? { typed: true, value } : all['~run'](dataset, config)
    },
  }
  return v.pipe(measured, v.maxLength(max, tooLong))
}

/** The domain of a link as a request spells it, normalized: a host, or `*`. */
export const domainName = v.pipe(
  text,
  maxCharacters(253),
  v.check((name) => name === '*' || parseHost(name) !== null, 'must be a host name without port, or "*"'),
  v.transform((name) => parseHost(name) ?? name),
)

export const domainIn = (isDomain: (domain: string) => boolean) =>
  v.pipe(domainName, v.check(isDomain, 'must be "*" or a host listed in DOMAINS'))

/** `Date` would take 30 February for 2 March. */
const isCalendarDay = (instant: string): boolean => {
  const day = instant.slice(0, 10)
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
}

/** Beyond, ISO 8601 as JavaScript writes it and as Postgres reads it part. */
const YEAR_10000 = Date.UTC(10_000, 0)

/** A point in time, with an offset. */
export const dateTime = v.pipe(
  text,
  maxCharacters(40),
  v.isoTimestamp('must be an ISO 8601 date and time with an offset, like 2030-01-31T12:00:00Z'),
  v.check(isCalendarDay, 'must be a day that exists'),
  v.transform((instant) => new Date(instant)),
  v.check((date) => date.getTime() >= 0 && date.getTime() < YEAR_10000, 'must be a time from 1970 to 9999'),
)

/** A day as it is called in some timezone, in days since 1970-01-01. */
export const calendarDay = v.pipe(
  text,
  maxCharacters(10),
  v.isoDate('must be a date, like 2030-01-31'),
  v.check(isCalendarDay, 'must be a day that exists'),
  v.transform((day) => ({ day: Date.parse(`${day}T00:00:00Z`) / DAY_MS })),
  v.check(({ day }) => day >= 0 && day <= LAST_DAY, 'must be a day from 1970 to 9998'),
)

/** So that the day after it can be written with four digits, in any timezone. */
const LAST_DAY = Date.UTC(9998, 11, 31) / DAY_MS

export const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.number('must be a whole number'),
    v.integer('must be a whole number'),
    v.minValue(min, min === 0 ? 'must not be negative' : `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  )

export const trueOrFalse = v.boolean('must be true or false')

export const futureTime = (now: () => number) =>
  v.pipe(
    dateTime,
    v.check((date) => date.getTime() > now(), 'must be a date in the future'),
  )

/** In responses, which need no check. */
export const shownText = v.string()
export const shownTime = v.pipe(v.string(), v.isoTimestamp())
