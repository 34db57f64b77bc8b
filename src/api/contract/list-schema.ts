import * as v from 'valibot'
import { LINK_SORTS } from '../../owners/link-pages.ts'
import { tag } from './link-fields.ts'
import {
  domainName,
  label,
  list,
  maxCharacters,
  printable,
  text,
  trueOrFalse,
  wholeNumber,
} from './scalars.ts'
import type { ValidationContext } from './validation-context.ts'

const MAX_LIMIT = 100
/** For exports. */
const MAX_ADMIN_LIMIT = 1000
const DEFAULT_LIMIT = 50

/** What narrows a list, and chooses the links of a bulk edit. */
export const filterFields = {
  domain: v.optional(domainName),
  code: v.optional(v.pipe(printable, maxCharacters(128))),
  tag: v.optional(list(tag, 10, 'must be given at most 10 times')),
  q: v.optional(label(256)),
  enabled: v.optional(trueOrFalse),
  expired: v.optional(trueOrFalse),
}

export type RequestedFilter = {
  readonly [Field in keyof typeof filterFields]?: v.InferOutput<(typeof filterFields)[Field]>
}

export function listSchema({ isAdmin }: ValidationContext) {
  return v.strictObject({
    limit: v.optional(wholeNumber(1, isAdmin ? MAX_ADMIN_LIMIT : MAX_LIMIT), DEFAULT_LIMIT),
    cursor: v.optional(v.pipe(text, v.maxLength(512, 'was not issued by this API'))),
    ...filterFields,
    sort: v.optional(v.picklist(LINK_SORTS, `must be one of ${LINK_SORTS.join(', ')}`), 'createdAt'),
    order: v.optional(v.picklist(['asc', 'desc'], 'must be asc or desc'), 'desc'),
  })
}

export const lookupSchema = v.strictObject({
  domain: v.optional(domainName),
  code: v.pipe(text, maxCharacters(128)),
})
