import * as v from 'valibot'
import { INTERVALS } from '../../owners/stats-range.ts'
import { DIMENSION_NAMES } from '../../visits/visit.ts'
import { errors } from './response-schema.ts'
import { shownText, shownTime } from './scalars.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** `hits` are people and bots. Visitors are counted by UTC day, and summed; `null` = not known of a part of a day. */
const counts = { hits: count, people: count, bots: count, visitors: v.nullable(count) }

const group = v.strictObject({
  /** The UTC days that are counted, the second one excluded: whole ones, and whole months of those long ago. */
  from: shownTime,
  to: shownTime,
  /** The first 100, most people first; '' = unknown or none. */
  values: v.array(v.strictObject({ value: shownText, people: count })),
  /** People of all others. */
  other: count,
})

export const statsResponse = v.strictObject({
  /** From the one to just before the other: what was asked for, widened to quarters of an hour. */
  from: shownTime,
  to: shownTime,
  timezone: shownText,
  interval: v.picklist(INTERVALS),
  /** Days before are not known by the hour any more: each counts as a whole, in the place of the same date. */
  approximateBefore: v.nullable(shownTime),
  /** `waiting` ones are among `hits` and `people`, not yet in `series` and `groups`; `null` = not known, and not included. */
  totals: v.strictObject({ ...counts, waiting: v.nullable(count) }),
  /** A point for each interval, also of those without hits; `at` is its beginning. */
  series: v.array(v.strictObject({ at: shownTime, ...counts })),
  /** By the dimensions that `groupBy` names. */
  groups: v.strictObject(Object.fromEntries(DIMENSION_NAMES.map((name) => [name, v.optional(group)]))),
})

export const visitResponse = v.strictObject({
  at: shownTime,
  link: v.strictObject({ id: shownText, domain: shownText, code: shownText }),
  bot: v.boolean(),
  /** The same for one visitor on one UTC day; `null` = not known. */
  visitor: v.nullable(shownText),
  ...Object.fromEntries(DIMENSION_NAMES.map((name) => [name, shownText])),
})
export const visitsResponse = v.strictObject({
  data: v.array(visitResponse),
  nextCursor: v.nullable(shownText),
})

export const missesResponse = v.strictObject({
  /** UTC days, the second one excluded. */
  from: shownTime,
  to: shownTime,
  /** Most misses first. The code `*` stands for those that were too many to keep. */
  data: v.array(v.strictObject({ domain: shownText, code: shownText, misses: count })),
})

export const purgeResponse = v.strictObject({
  /** Days that are forgotten, and the hits of theirs, which stay in the link's total. */
  days: count,
  hits: count,
  /** Entries of the visit log. */
  visits: count,
})

export const visitImportResponse = v.strictObject({
  /** In the order of the request. */
  results: v.array(
    v.strictObject({
      index: count,
      /** `unchanged`: all of it was counted before. */
      outcome: v.picklist(['counted', 'unchanged', 'rejected']),
      /** What is counted now, and was not before. */
      hits: count,
      problem: v.optional(shownText),
      errors,
    }),
  ),
  /** Visits in the range of the log that it had no room for; they count all the same. */
  unlogged: count,
})
