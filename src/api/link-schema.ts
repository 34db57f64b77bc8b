/**
 * @module
 * What the API accepts of a link, and how it shows one.
 */
import * as v from 'valibot'
import { isCode, isReservedCode } from '../links/code.ts'
import { MAX_DESTINATION_LENGTH, parseDestination } from '../links/destination.ts'
import { REDIRECT_STATUSES } from '../links/link.ts'
import type { LinkWithHits } from '../links/link-editor.ts'

export interface LinkSchemaOptions {
  readonly isOwnHost: (host: string) => boolean
  readonly isDomain: (domain: string) => boolean
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Postgres text cannot hold NUL, UTF-8 no lone surrogate, and a title needs no other control character either. */
const isPrintable = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text)
const printable = v.pipe(v.string(), v.trim(), v.check(isPrintable, 'must not contain control characters'))

/** `Date` would take 30 February for 2 March. */
const isCalendarDay = (text: string): boolean => {
  const day = text.slice(0, 10)
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
}

export function createLinkSchemas({ isOwnHost, isDomain, now }: LinkSchemaOptions) {
  const url = v.pipe(
    v.string(),
    v.nonEmpty('must not be empty'),
    v.maxLength(MAX_DESTINATION_LENGTH, `must have at most ${MAX_DESTINATION_LENGTH} characters`),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const destination = parseDestination(dataset.value, isOwnHost)
      if ('url' in destination) return destination.url
      addIssue({ message: destination.problem })
      return NEVER
    }),
  )
  const expiresAt = v.nullable(
    v.pipe(
      v.string(),
      v.maxLength(40, 'must have at most 40 characters'),
      v.isoTimestamp('must be an ISO 8601 date and time with an offset, like 2030-01-31T12:00:00Z'),
      v.check(isCalendarDay, 'must be a day that exists'),
      v.transform((text) => new Date(text)),
      v.check((date) => date.getTime() > now(), 'must be a date in the future'),
    ),
  )
  const fields = {
    status: v.picklist(REDIRECT_STATUSES, `must be one of ${REDIRECT_STATUSES.join(', ')}`),
    enabled: v.boolean('must be true or false'),
    expiresAt,
    forwardQuery: v.boolean('must be true or false'),
    title: v.nullable(v.pipe(printable, v.maxLength(256, 'must have at most 256 characters'))),
    tags: v.pipe(
      v.array(
        v.pipe(
          printable,
          v.nonEmpty('must not be empty'),
          v.maxLength(64, 'must have at most 64 characters'),
        ),
      ),
      v.maxLength(50, 'must have at most 50 tags'),
      v.transform((tags) => [...new Set(tags)]),
    ),
  }

  const create = v.strictObject({
    url,
    code: v.optional(
      v.pipe(
        v.string(),
        v.check(
          isCode,
          'must be 1 to 128 letters, digits or -_.~ characters, with single slashes only inside',
        ),
        v.check((code) => !isReservedCode(code), 'starts with a segment that is reserved for linkr itself'),
      ),
    ),
    domain: v.optional(
      v.pipe(v.string(), v.toLowerCase(), v.check(isDomain, 'must be "*" or a host listed in DOMAINS')),
    ),
    status: v.optional(fields.status, 302),
    enabled: v.optional(fields.enabled, true),
    expiresAt: v.optional(fields.expiresAt, null),
    forwardQuery: v.optional(fields.forwardQuery, false),
    title: v.optional(fields.title, null),
    tags: v.optional(fields.tags, []),
  })
  const edit = v.partial(v.strictObject({ url, ...fields }))
  return { create, edit }
}

/** @param baseUrl origin of short URLs in domain `*`. */
export function presentLink(link: LinkWithHits, baseUrl: string) {
  const { id, domain, code, url, status, enabled, expiresAt, forwardQuery, title, tags, hits, version } = link
  return {
    id,
    domain,
    code,
    shortUrl: `${domain === '*' ? baseUrl : `https://${domain}`}/${code}`,
    url,
    status,
    enabled,
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    forwardQuery,
    title,
    tags,
    hits,
    version,
    createdAt: link.createdAt.toISOString(),
    updatedAt: link.updatedAt.toISOString(),
  }
}
