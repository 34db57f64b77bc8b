/**
 * @module
 * The bodies of responses, for the API's description; a contract test holds real responses against it.
 */
import * as v from 'valibot'
import { ROBOTS_POLICIES } from '../../links/domain-settings.ts'
import { SCOPES } from '../../owners/api-key.ts'
import { column, linkFields, redirectStatus } from './link-fields.ts'
import { shownTime } from './scalars.ts'
import { ANY_CALLER } from './validation-context.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const url = v.nullable(v.string())

export const linkResponse = v.strictObject({
  id: v.string(),
  domain: v.string(),
  code: v.string(),
  shortUrl: v.string(),
  ...column(linkFields(ANY_CALLER), 'response'),
  hits: count,
  /** Hits that bots did not make, with those that wait in Redis and those counted elsewhere. */
  people: count,
  /** When the last flush brought hits: those that wait in Redis came later. */
  lastHitAt: v.nullable(shownTime),
  version: count,
  createdAt: shownTime,
  updatedAt: shownTime,
})

/** To a key that may write but not read: enough to edit the link again. */
const writtenResponse = v.strictObject({ id: v.string(), version: count })
export const editedResponse = v.union([linkResponse, writtenResponse])

export const listResponse = v.strictObject({
  data: v.array(linkResponse),
  nextCursor: v.nullable(v.string()),
})

export const errors = v.optional(v.array(v.strictObject({ path: v.string(), message: v.string() })))

export const bulkResponse = v.strictObject({
  results: v.array(
    v.strictObject({
      index: count,
      outcome: v.picklist(['created', 'updated', 'rejected']),
      link: v.optional(editedResponse),
      code: v.optional(v.string()),
      errors,
    }),
  ),
})

export const importResponse = v.strictObject({
  results: v.array(
    v.strictObject({
      index: count,
      outcome: v.picklist(['created', 'updated', 'skipped', 'renamed', 'rejected']),
      id: v.optional(v.string()),
      code: v.optional(v.string()),
      /** Of those skipped: whether the link that has the code leads to the same place. */
      sameDestination: v.optional(v.boolean()),
      problem: v.optional(v.string()),
      errors,
    }),
  ),
})

const bulkEdit = { matched: count, ids: v.array(v.string()), more: v.boolean() }
export const bulkEditResponse = v.strictObject({
  ...bulkEdit,
  changed: count,
  /** In a dry run of a move: links that stay, because there is one with their code. */
  taken: v.optional(count),
})
export const bulkDeleteResponse = v.strictObject({ ...bulkEdit, deleted: count })

export const keyResponse = v.strictObject({
  id: v.string(),
  name: v.string(),
  prefix: v.string(),
  scopes: v.array(v.picklist(SCOPES)),
  domains: v.nullable(v.array(v.string())),
  expiresAt: v.nullable(shownTime),
  lastUsedAt: v.nullable(shownTime),
  createdAt: shownTime,
  createdBy: v.nullable(v.string()),
  revokedAt: v.nullable(shownTime),
})
export const newKeyResponse = v.strictObject({ ...keyResponse.entries, key: v.string() })
export const keysResponse = v.strictObject({ data: v.array(keyResponse) })

export const domainResponse = v.strictObject({
  host: v.string(),
  rootUrl: url,
  notFoundUrl: url,
  expiredUrl: url,
  defaultStatus: redirectStatus,
  robots: v.picklist(ROBOTS_POLICIES),
  respectsOptOut: v.boolean(),
  geography: v.boolean(),
  createdAt: shownTime,
  updatedAt: shownTime,
})
export const domainsResponse = v.strictObject({
  data: v.array(domainResponse),
  /** Hosts that are namespaces of their own, as far as the caller may use them. */
  served: v.array(v.string()),
})

export const problemResponse = v.strictObject({
  type: v.string(),
  title: v.string(),
  status: count,
  detail: v.string(),
  code: v.string(),
  errors,
})

/** Reports for operators, which may grow. */
export const report = v.looseObject({})

/** The fields of `value` that a response has, in its order; dates are left to JSON. */
export function present<Entries extends v.ObjectEntries>(
  { entries }: { readonly entries: Entries },
  value: Readonly<Record<keyof Entries, unknown>>,
) {
  const values = new Map<string, unknown>(Object.entries(value))
  return Object.fromEntries(Object.keys(entries).map((name) => [name, values.get(name)]))
}
