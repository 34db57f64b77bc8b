/**
 * @module
 * What the API accepts of a link, and how it shows one.
 */
import * as v from 'valibot'
import { isCode, isReservedCode, MAX_CODE_LENGTH } from '../../links/code.ts'
import type { LinkWithHits } from '../../owners/link-pages.ts'
import { column, linkFields, tags } from './link-fields.ts'
import { linkResponse, present } from './response-schema.ts'
import { dateTime, domainIn, maxCharacters, text, trueOrFalse, wholeNumber } from './scalars.ts'
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
  return v.strictObject({
    ...newLink(context),
    expiresAt: v.optional(v.nullable(dateTime), null),
    createdAt: v.optional(v.pipe(dateTime, isPast)),
    hits: v.optional(wholeNumber(0, MAX_HITS)),
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

export const editSchema = (context: ValidationContext) =>
  v.pipe(v.partial(v.strictObject({ ...changes(context), code })), notEmpty(), tagsOneWay(), keepsWhenMoved())

/** Of many links at once, which cannot have one code. */
export const changesSchema = (context: ValidationContext) =>
  v.pipe(v.partial(v.strictObject(changes(context))), notEmpty(), tagsOneWay(), keepsWhenMoved())

type Edit = {
  readonly [Field in 'tags' | 'addTags' | 'removeTags' | 'keepOldCode' | 'domain' | 'code']?: unknown
}

const notEmpty = <E extends Edit>() =>
  v.check<E, string>((edit) => Object.keys(edit).length > 0, 'must have at least one field')
const tagsOneWay = <E extends Edit>() =>
  v.check<E, string>(
    ({ tags, addTags, removeTags }) => tags === undefined || (addTags ?? removeTags) === undefined,
    'must have either tags, or addTags and removeTags',
  )
const keepsWhenMoved = <E extends Edit>() =>
  v.check<E, string>(
    ({ keepOldCode, domain, code }) => keepOldCode === undefined || (domain ?? code) !== undefined,
    'must have domain or code beside keepOldCode',
  )

/** @param baseUrl origin of short URLs in domain `*`. */
export function presentLink(link: LinkWithHits, baseUrl: string) {
  const { domain, code, expiresAt } = link
  return present(linkResponse, {
    ...link,
    shortUrl: `${domain === '*' ? baseUrl : `https://${domain}`}/${code}`,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
  })
}
