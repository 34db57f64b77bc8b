/**
 * @module
 * What the API accepts of a link, and how it shows one.
 */
import * as v from 'valibot'
import type { LinkWithHits } from '../../owners/link-pages.ts'
import { type LinkSchemaOptions, linkFields } from './link-fields.ts'

export function createLinkSchemas(options: LinkSchemaOptions) {
  const { expiredAt, createdAt, hits, code, domain, target, ...editable } = linkFields(options)
  const { url, status, enabled, expiresAt, forwardQuery, title, tags } = editable
  const settings = {
    domain: v.optional(domain),
    /** Left out, it is what the domain's settings say. */
    status: v.optional(status),
    enabled: v.optional(enabled, true),
    expiresAt: v.optional(expiresAt, null),
    forwardQuery: v.optional(forwardQuery, false),
    title: v.optional(title, null),
    tags: v.optional(tags, []),
  }
  const moved = {
    addTags: tags,
    removeTags: tags,
    domain: target,
    keepOldCode: v.boolean('must be true or false'),
  }
  return {
    create: v.strictObject({ url, code: v.optional(code), ...settings }),
    upsert: v.strictObject({ url, code, ...settings }),
    edit: v.pipe(
      v.partial(v.strictObject({ ...editable, ...moved, code })),
      v.check((fields) => Object.keys(fields).length > 0, NOTHING),
      v.check((changes) => tagsOneWay(changes), TAGS_ONE_WAY),
      v.check((changes) => keepsWhenMoved(changes), KEEPS_WHEN_MOVED),
    ),
    /** Of many links at once, which cannot have one code. */
    bulkEdit: v.pipe(
      v.partial(v.strictObject({ ...editable, ...moved })),
      v.check((fields) => Object.keys(fields).length > 0, NOTHING),
      v.check((changes) => tagsOneWay(changes), TAGS_ONE_WAY),
      v.check((changes) => keepsWhenMoved(changes), KEEPS_WHEN_MOVED),
    ),
    imported: v.strictObject({
      url,
      code: v.optional(code),
      ...settings,
      expiresAt: v.optional(expiredAt, null),
      createdAt: v.optional(createdAt),
      hits: v.optional(hits),
    }),
  }
}

type Edit = {
  readonly [Field in 'tags' | 'addTags' | 'removeTags' | 'keepOldCode' | 'domain' | 'code']?: unknown
}

const tagsOneWay = ({ tags, addTags, removeTags }: Edit): boolean =>
  tags === undefined || (addTags === undefined && removeTags === undefined)
const keepsWhenMoved = ({ keepOldCode, domain, code }: Edit): boolean =>
  keepOldCode === undefined || domain !== undefined || code !== undefined
const NOTHING = 'must have at least one field'
const TAGS_ONE_WAY = 'must have either tags, or addTags and removeTags'
const KEEPS_WHEN_MOVED = 'must have domain or code beside keepOldCode'

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
    lastHitAt: link.lastHitAt?.toISOString() ?? null,
    version,
    createdAt: link.createdAt.toISOString(),
    updatedAt: link.updatedAt.toISOString(),
  }
}
