import * as v from 'valibot'
import { isCode, MAX_CODE_LENGTH } from '../../links/code.ts'
import { DAY_MS, DEVICES, DIMENSION_NAMES, FOLDED, MAX_VALUE_LENGTH } from '../../visits/visit.ts'
import {
  calendarDay,
  dateTime,
  domainName,
  list,
  maxCharacters,
  text,
  trueOrFalse,
  wholeNumber,
} from './scalars.ts'
import type { ValidationContext } from './validation-context.ts'

/** Link-days of a request. */
export const MAX_DAYS = 1_000
/** Of a day; those that are more are to be summed. */
export const MAX_VISITS_OF_DAY = 4_000
/** What a line has room for. */
export const MAX_ALIKE = 999_999_999
/** No shortener has counted before. */
export const FIRST_DAY = '2000-01-01'

const value = v.optional(
  v.pipe(
    text,
    maxCharacters(MAX_VALUE_LENGTH),
    // These separate lines in other programs, and no value of linkr's own has them.
    v.check((name) => !/[\p{Zl}\p{Zp}]/u.test(name), 'must not contain control characters'),
  ),
  '',
)

const devices = [...DEVICES, FOLDED] as const

const values = {
  ...v.entriesFromList(DIMENSION_NAMES, value),
  country: v.optional(
    v.pipe(text, v.regex(/^(?:[A-Z]{2}|T1|\*)$/, 'must be two capital letters, or "*"')),
    'XX',
  ),
  device: v.optional(v.picklist(devices, `must be one of ${devices.join(', ')}`), 'other'),
  qr: v.optional(v.picklist(['', '1', FOLDED], 'must be empty, "1" or "*"'), ''),
}

const visit = v.strictObject({
  at: dateTime,
  hits: v.optional(wholeNumber(1, MAX_ALIKE), 1),
  bot: v.optional(trueOrFalse, false),
  ...values,
})

const source = v.pipe(
  text,
  v.regex(/^[a-z0-9-]{1,32}$/, 'must be a name of 1 to 32 small letters, digits or -, like shlink'),
)

export const visitImportSchema = v.strictObject({
  source,
  dryRun: v.optional(trueOrFalse, false),
  /** Validated one by one later. */
  days: v.pipe(
    list(v.unknown(), MAX_DAYS, `must have at most ${MAX_DAYS} items`),
    v.minLength(1, 'must not be empty'),
  ),
})

export const dayOfVisitsSchema = ({ now }: Pick<ValidationContext, 'now'>) =>
  v.pipe(
    v.strictObject({
      /** Never left to linkr: one day must not come by two names. */
      domain: domainName,
      code: v.pipe(text, maxCharacters(MAX_CODE_LENGTH), v.check(isCode, 'must be a code')),
      day: v.pipe(
        calendarDay,
        v.check(
          ({ day }) => day >= Date.parse(FIRST_DAY) / DAY_MS && day * DAY_MS <= now(),
          `must be a day from ${FIRST_DAY} to today`,
        ),
      ),
      visits: v.pipe(
        list(visit, MAX_VISITS_OF_DAY, `must have at most ${MAX_VISITS_OF_DAY} items`),
        v.minLength(1, 'must not be empty'),
      ),
    }),
    v.check(
      ({ day: { day }, visits }) => visits.every(({ at }) => Math.floor(at.getTime() / DAY_MS) === day),
      'has visits of another UTC day than its own',
    ),
  )

export type RequestedDay = v.InferOutput<ReturnType<typeof dayOfVisitsSchema>>
