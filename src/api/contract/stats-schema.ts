/**
 * @module
 * What the API accepts of a question about visits. Ranges are checked where they are resolved, for they depend on the timezone.
 */
import * as v from 'valibot'
import { INTERVALS } from '../../owners/stats-range.ts'
import { DIMENSION_NAMES, type Dimension, MAX_VALUE_LENGTH } from '../../visits/visit.ts'
import { filterFields } from './list-schema.ts'
import { calendarDay, dateTime, list, maxCharacters, text, trueOrFalse, wholeNumber } from './scalars.ts'

/** Before a year of which the last point would end in the year 10000. */
const instant = v.pipe(
  dateTime,
  v.check((date) => date.getTime() < Date.UTC(9999, 0), 'must be a time from 1970 to 9998'),
)
/** A date, a day of the timezone, or an instant. */
const time = v.optional(
  v.union([calendarDay, instant], 'must be a date like 2030-01-31, or a time like 2030-01-31T12:00:00Z'),
)
const range = { from: time, to: time }
const timezone = v.optional(v.pipe(text, v.nonEmpty('must not be empty'), maxCharacters(64)))

const dimension = v.picklist(DIMENSION_NAMES, `must be one of ${DIMENSION_NAMES.join(', ')}`)
/** Any of these; '' = what is not known, or there is none. */
const values = () =>
  v.optional(list(v.pipe(text, maxCharacters(MAX_VALUE_LENGTH)), 100, 'must be given at most 100 times'))
const dimensions = Object.fromEntries(DIMENSION_NAMES.map((name) => [name, values()])) as {
  readonly [Name in Dimension]: ReturnType<typeof values>
}
/** What only the visit log can tell. */
const filters = { ...dimensions, bot: v.optional(trueOrFalse) }

const scope = {
  link: v.optional(v.pipe(text, v.regex(/^\d{1,18}$/, 'must be the id of a link'))),
  tag: filterFields.tag,
  domain: filterFields.domain,
}

const asked = {
  ...range,
  timezone,
  interval: v.optional(v.picklist(INTERVALS, `must be one of ${INTERVALS.join(', ')}`), 'day'),
  ...filters,
  groupBy: v.optional(
    v.pipe(
      list(dimension, DIMENSION_NAMES.length, `must be given at most ${DIMENSION_NAMES.length} times`),
      v.transform((all) => [...new Set(all)]),
    ),
    [],
  ),
}

export const statsSchema = v.strictObject({ ...asked, ...scope })
export const linkStatsSchema = v.strictObject(asked)

const limit = v.optional(wholeNumber(1, 1_000), 100)

export const visitsSchema = v.strictObject({
  limit,
  cursor: v.optional(v.pipe(text, v.maxLength(512, 'was not issued by this API'))),
  ...range,
  timezone,
  ...scope,
  ...filters,
})

export const missesSchema = v.strictObject({ ...range, domain: filterFields.domain, limit })

export const purgeSchema = v.strictObject({ before: calendarDay })
