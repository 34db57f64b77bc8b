/**
 * @module
 * What the API accepts of a link, and how it shows one.
 */
import { z } from 'zod'
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
const printable = z.string().trim().refine(isPrintable, 'must not contain control characters')

export function createLinkSchemas({ isOwnHost, isDomain, now }: LinkSchemaOptions) {
  const url = z
    .string()
    .min(1)
    .max(MAX_DESTINATION_LENGTH)
    .transform((text, context) => {
      const destination = parseDestination(text, isOwnHost)
      if ('url' in destination) return destination.url
      context.issues.push({ code: 'custom', message: destination.problem, input: text })
      return z.NEVER
    })
  const expiresAt = z.iso
    .datetime({
      offset: true,
      error: 'must be an ISO 8601 date and time with an offset, 2030-01-31T12:00:00Z',
    })
    .max(40)
    .transform((text) => new Date(text))
    .refine((date) => !Number.isNaN(date.getTime()), 'must be a date that exists')
    .refine((date) => date.getTime() > now(), 'must be in the future')
    .nullable()
  const fields = {
    status: z.literal(REDIRECT_STATUSES),
    enabled: z.boolean(),
    expiresAt,
    forwardQuery: z.boolean(),
    title: printable.max(256).nullable(),
    tags: z
      .array(printable.min(1).max(64))
      .max(50)
      .transform((tags) => [...new Set(tags)]),
  }

  const create = z.strictObject({
    url,
    code: z
      .string()
      .refine(isCode, 'must be 1 to 128 letters, digits or -_.~ characters, with single slashes only inside')
      .refine((code) => !isReservedCode(code), 'starts with a segment that is reserved for linkr itself')
      .optional(),
    domain: z
      .string()
      .transform((domain) => domain.toLowerCase())
      .refine(isDomain, 'must be "*" or a host listed in DOMAINS')
      .optional(),
    status: fields.status.default(302),
    enabled: fields.enabled.default(true),
    expiresAt: fields.expiresAt.default(null),
    forwardQuery: fields.forwardQuery.default(false),
    title: fields.title.default(null),
    tags: fields.tags.default([]),
  })
  const edit = z.strictObject({ url, ...fields }).partial()
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
