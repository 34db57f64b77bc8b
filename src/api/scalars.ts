import * as v from 'valibot'
import { parseHost } from '../host.ts'

/** Postgres text cannot hold NUL, UTF-8 no lone surrogate, and a title needs no other control character either. */
const isPrintable = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text)

export const printable = v.pipe(
  v.string(),
  v.trim(),
  v.check(isPrintable, 'must not contain control characters'),
)

/** The domain of a link as somebody wrote it, normalized: a host, or `*`. */
export const domainName = v.pipe(
  v.string(),
  v.maxLength(253, 'must have at most 253 characters'),
  v.check((text) => text === '*' || parseHost(text) !== null, 'must be a host name without port, or "*"'),
  v.transform((text) => parseHost(text) ?? text),
)

/** `Date` would take 30 February for 2 March. */
const isCalendarDay = (text: string): boolean => {
  const day = text.slice(0, 10)
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
}

/** Beyond, ISO 8601 as JavaScript writes it and as Postgres reads it part. */
const YEAR_10000 = Date.UTC(10_000, 0)

/** A point in time, with an offset. */
export const dateTime = v.pipe(
  v.string(),
  v.maxLength(40, 'must have at most 40 characters'),
  v.isoTimestamp('must be an ISO 8601 date and time with an offset, like 2030-01-31T12:00:00Z'),
  v.check(isCalendarDay, 'must be a day that exists'),
  v.transform((text) => new Date(text)),
  v.check((date) => date.getTime() >= 0 && date.getTime() < YEAR_10000, 'must be a time from 1970 to 9999'),
)
