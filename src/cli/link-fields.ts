/**
 * @module
 * The fields of a link, each once: how commands set it and show it, how files hold it, and what an import makes of it.
 */
import { type FieldOption, type FieldOptions, fieldOptions } from './commands/field-options.ts'
import { dateOrNever, trueOrFalse, wholeNumber } from './commands/option-parsers.ts'
import * as tidy from './import/tidy-values.ts'

export interface LinkField {
  readonly tidy: tidy.Tidy
  /** How CSV notes it: a text that may be `null`, or several of them; absent = plainly. */
  readonly cell?: 'text' | 'texts'
  /** How `create`, `edit` and `edit-all` set it; absent = in a way of its own, or not at all. */
  readonly option?: FieldOption
  /** What `get` calls it; absent = it has a place of its own there. */
  readonly label?: string
}

const FIELDS = {
  url: { tidy: tidy.urlOf },
  code: { tidy: tidy.codeOf },
  domain: { tidy: tidy.textOf },
  title: {
    tidy: tidy.titleOf,
    cell: 'text',
    option: { flags: '--title <text>', description: 'or "none"', none: 'none' },
  },
  tags: { tidy: tidy.tagsOf, cell: 'texts' },
  status: {
    tidy: tidy.statusOf,
    label: 'status',
    option: { flags: '--status <code>', description: '301, 302, 307 or 308', parse: wholeNumber(301, 308) },
  },
  enabled: {
    tidy: tidy.flagOf('enabled'),
    option: { flags: '--enabled <true|false>', description: 'whether it redirects', parse: trueOrFalse },
  },
  forwardQuery: {
    tidy: tidy.flagOf('forwardQuery'),
    label: 'forwards query',
    option: {
      flags: '--forward-query <true|false>',
      description: "append the visitor's query to the destination",
      parse: trueOrFalse,
    },
  },
  expiresAt: {
    tidy: tidy.expiryOf,
    label: 'expires',
    option: {
      flags: '--expires <date>',
      description: 'ISO 8601, or "never"',
      parse: dateOrNever,
      none: 'never',
    },
  },
  hits: { tidy: tidy.hitsOf },
  createdAt: { tidy: tidy.creationOf },
} satisfies Readonly<Record<string, LinkField>>

export type LinkFieldName = keyof typeof FIELDS
export const LINK_FIELDS: Readonly<Record<LinkFieldName, LinkField>> = FIELDS
export const LINK_FIELD_NAMES = Object.keys(FIELDS) as readonly LinkFieldName[]

/** In files where a person reads them, where a link is comes before where it leads. */
export const LINK_COLUMNS: readonly LinkFieldName[] = [
  ...new Set<LinkFieldName>(['domain', 'code', ...LINK_FIELD_NAMES]),
]

/** A value for each field. */
export function eachField<Value>(of: (name: LinkFieldName) => Value): Record<LinkFieldName, Value> {
  const entries = LINK_FIELD_NAMES.map((name) => [name, of(name)])
  return Object.fromEntries(entries) as Record<LinkFieldName, Value>
}

/** The options that set a link's fields; `filters` as in `fieldOptions`. */
export function linkOptions(filters: readonly string[] = []): FieldOptions {
  const fields = LINK_FIELD_NAMES.flatMap((name) => {
    const { option } = LINK_FIELDS[name]
    return option === undefined ? [] : [[name, option] as const]
  })
  return fieldOptions(fields, filters)
}
