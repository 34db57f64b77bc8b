/**
 * @module
 * What the API accepts of a link, and how it shows one.
 */
import * as v from 'valibot'
import { isCode, isReservedCode, MAX_CODE_LENGTH } from '../../links/code.ts'
import type { LinkWithHits } from '../../owners/link-pages.ts'
import { column, linkFields, tags } from './link-fields.ts'
import { linkResponse, present } from './response-schema.ts'
import { dateTime, domainIn, maxCharacters, text, trueOrFalse } from './scalars.ts'
import type { ValidationContext } from './validation-context.ts'

const code = v.pipe(
  text,
  maxCharacters(MAX_CODE_LENGTH),
  v.check(isCode, 'must be 1 to 128 letters, digits or -_.~ characters, with single slashes only inside'),
  v.check((name) => !isReservedCode(name), 'starts with a segment that is reserved for linkr itself'),
)

function newLink(context: ValidationContext) {
  const { url, ...others } = column(linkFields(context), 'create')
  return { url, code: v.optional(code), domain: v.optional(domainIn(context.isDomain)), ...others }
}

export const createSchema = (context: ValidationContext) => v.strictObject(newLink(context))

export const upsertSchema = (context: ValidationContext) => v.strictObject({ ...newLink(context), code })

/** More than any link ever had, and few enough for sums of thousands to stay exact. */
const MAX_HITS = 1e12

/** A link that comes from elsewhere, with its age and its hits, and may have expired there. */
export function importedSchema(context: ValidationContext) {
  const isPast = v.check((date: Date) => date.getTime() <= context.now(), 'must be a date in the past')
  const hits = v.pipe(
    v.number(),
    v.integer('must be a whole number'),
    v.minValue(0, 'must not be negative'),
    v.maxValue(MAX_HITS, `must be at most ${MAX_HITS}`),
  )
  return v.strictObject({
    ...newLink(context),
    expiresAt: v.optional(v.nullable(dateTime), null),
    createdAt: v.optional(v.pipe(dateTime, isPast)),
    hits: v.optional(hits),
  })
}

/** A link as a request has it: its domain, code and status may be left to linkr. */
export type RequestedLink = v.InferOutput<ReturnType<typeof importedSchema>>

function changes(context: ValidationContext) {
  const { isDomain, isAdmin } = context
  return {
    ...column(linkFields(context), 'edit'),
    addTags: tags,
    removeTags: tags,
    // An admin may prepare the namespace of a host before it is listed, so that no visitor finds it empty.
    domain: domainIn((domain) => isAdmin || isDomain(domain)),
    keepOldCode: trueOrFalse,
  }
}

export function editSchema(context: ValidationContext) {
  return v.pipe(
    v.partial(v.strictObject({ ...changes(context), code })),
    v.check((fields) => Object.keys(fields).length > 0, NOTHING),
    v.check((edit) => tagsOneWay(edit), TAGS_ONE_WAY),
    v.check((edit) => keepsWhenMoved(edit), KEEPS_WHEN_MOVED),
  )
}

/** Of many links at once, which cannot have one code. */
export function changesSchema(context: ValidationContext) {
  return v.pipe(
    v.partial(v.strictObject(changes(context))),
    v.check((fields) => Object.keys(fields).length > 0, NOTHING),
    v.check((edit) => tagsOneWay(edit), TAGS_ONE_WAY),
    v.check((edit) => keepsWhenMoved(edit), KEEPS_WHEN_MOVED),
  )
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
  const { domain, code, expiresAt } = link
  return present(linkResponse, {
    ...link,
    shortUrl: `${domain === '*' ? baseUrl : `https://${domain}`}/${code}`,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
  })
}
