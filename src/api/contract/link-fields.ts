/**
 * @module
 * What the API accepts in each field of a link: one definition for create, edit, bulk, import and the OpenAPI description.
 */
import * as v from 'valibot'
import { isCode, isReservedCode, MAX_CODE_LENGTH } from '../../links/code.ts'
import { MAX_DESTINATION_LENGTH, parseDestination } from '../../links/destination.ts'
import { REDIRECT_STATUSES } from '../../links/link.ts'
import { dateTime, domainName, list, printable, text } from './scalars.ts'

export interface LinkSchemaOptions {
  readonly isOwnHost: (host: string) => boolean
  readonly isDomain: (domain: string) => boolean
  /** Where links may be moved. */
  readonly isTarget: (domain: string) => boolean
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export function destination(isOwnHost: LinkSchemaOptions['isOwnHost']) {
  return v.pipe(
    text,
    v.nonEmpty('must not be empty'),
    v.maxLength(MAX_DESTINATION_LENGTH, `must have at most ${MAX_DESTINATION_LENGTH} characters`),
    v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
      const parsed = parseDestination(dataset.value, isOwnHost)
      if ('url' in parsed) return parsed.url
      addIssue({ message: parsed.problem })
      return NEVER
    }),
  )
}

export const redirectStatus = v.picklist(REDIRECT_STATUSES, `must be one of ${REDIRECT_STATUSES.join(', ')}`)

export const tag = v.pipe(
  printable,
  v.nonEmpty('must not be empty'),
  v.maxLength(64, 'must have at most 64 characters'),
)

const trueOrFalse = v.boolean('must be true or false')
/** More than any link ever had, and few enough for sums of thousands to stay exact. */
const MAX_HITS = 1e12

export function linkFields({ isOwnHost, isDomain, isTarget, now }: LinkSchemaOptions) {
  const isFuture = v.check((date: Date) => date.getTime() > now(), 'must be a date in the future')
  const isPast = v.check((date: Date) => date.getTime() <= now(), 'must be a date in the past')
  const isHere = v.check(isDomain, 'must be "*" or a host listed in DOMAINS')
  return {
    url: destination(isOwnHost),
    code: v.pipe(
      text,
      v.maxLength(MAX_CODE_LENGTH, `must have at most ${MAX_CODE_LENGTH} characters`),
      v.check(isCode, 'must be 1 to 128 letters, digits or -_.~ characters, with single slashes only inside'),
      v.check((code) => !isReservedCode(code), 'starts with a segment that is reserved for linkr itself'),
    ),
    domain: v.pipe(domainName, isHere),
    target: v.pipe(domainName, v.check(isTarget, 'must be "*" or a host listed in DOMAINS')),
    status: redirectStatus,
    enabled: trueOrFalse,
    expiresAt: v.nullable(v.pipe(dateTime, isFuture)),
    /** Of a link that comes from elsewhere and may have expired there. */
    expiredAt: v.nullable(dateTime),
    forwardQuery: trueOrFalse,
    title: v.nullable(v.pipe(printable, v.maxLength(256, 'must have at most 256 characters'))),
    tags: v.pipe(
      list(tag, 50, 'must have at most 50 tags'),
      v.transform((tags) => [...new Set(tags)]),
    ),
    createdAt: v.pipe(dateTime, isPast),
    hits: v.pipe(
      v.number(),
      v.integer('must be a whole number'),
      v.minValue(0, 'must not be negative'),
      v.maxValue(MAX_HITS, `must be at most ${MAX_HITS}`),
    ),
  }
}
