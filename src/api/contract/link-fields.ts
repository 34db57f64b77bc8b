/**
 * @module
 * What the API accepts and shows in each field of a link: one definition for create, edit, bulk, import, responses and OpenAPI.
 */
import * as v from 'valibot'
import { MAX_DESTINATION_LENGTH, parseDestination } from '../../links/destination.ts'
import { REDIRECT_STATUSES } from '../../links/link.ts'
import {
  futureTime,
  label,
  list,
  maxCharacters,
  printable,
  shownText,
  shownTime,
  text,
  trueOrFalse,
} from './scalars.ts'
import type { ValidationContext } from './validation-context.ts'

export function destination(isOwnHost: ValidationContext['isOwnHost']) {
  return v.pipe(
    text,
    v.nonEmpty('must not be empty'),
    maxCharacters(MAX_DESTINATION_LENGTH),
    v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
      const parsed = parseDestination(dataset.value, isOwnHost)
      if ('url' in parsed) return parsed.url
      addIssue({ message: parsed.problem })
      return NEVER
    }),
  )
}

export const redirectStatus = v.picklist(REDIRECT_STATUSES, `must be one of ${REDIRECT_STATUSES.join(', ')}`)

export const tag = label(64)

const title = v.nullable(v.pipe(printable, maxCharacters(256)))

export const tags = v.pipe(
  list(tag, 50, 'must have at most 50 tags'),
  v.transform((all) => [...new Set(all)]),
)

/**
 * What an owner may set of a link: in an edit, in a new link (with its default), and as a response shows it. Another field is
 * another line here.
 */
export function linkFields({ isOwnHost, now }: Pick<ValidationContext, 'isOwnHost' | 'now'>) {
  const url = destination(isOwnHost)
  const expiresAt = v.nullable(futureTime(now))
  return {
    url: { edit: url, create: url, response: shownText },
    /** Left out of a new link, it is what the domain's settings say. */
    status: { edit: redirectStatus, create: v.optional(redirectStatus), response: redirectStatus },
    enabled: { edit: trueOrFalse, create: v.optional(trueOrFalse, true), response: trueOrFalse },
    expiresAt: { edit: expiresAt, create: v.optional(expiresAt, null), response: v.nullable(shownTime) },
    forwardQuery: { edit: trueOrFalse, create: v.optional(trueOrFalse, false), response: trueOrFalse },
    title: { edit: title, create: v.optional(title, null), response: v.nullable(shownText) },
    tags: { edit: tags, create: v.optional(tags, []), response: v.array(shownText) },
  }
}

/** One column of such a table, as the entries of an object's schema. */
export function column<
  Fields extends Readonly<Record<string, Readonly<Record<Name, v.GenericSchema>>>>,
  Name extends string,
>(fields: Fields, name: Name) {
  const entries = Object.entries(fields).map(([field, schemas]) => [field, schemas[name]])
  return Object.fromEntries(entries) as { readonly [Field in keyof Fields]: Fields[Field][Name] }
}
