/**
 * @module
 * What the API answers, for its description; a contract test holds real answers against it.
 */
import * as v from 'valibot'
import { ROBOTS_POLICIES } from '../../links/domain-settings.ts'
import { REDIRECT_STATUSES } from '../../links/link.ts'
import { SCOPES } from '../../owners/api-key.ts'

const time = v.pipe(v.string(), v.isoTimestamp())
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const status = v.picklist(REDIRECT_STATUSES)
const url = v.nullable(v.string())

export const linkAnswer = v.strictObject({
  id: v.string(),
  domain: v.string(),
  code: v.string(),
  shortUrl: v.string(),
  url: v.string(),
  status,
  enabled: v.boolean(),
  expiresAt: v.nullable(time),
  forwardQuery: v.boolean(),
  title: v.nullable(v.string()),
  tags: v.array(v.string()),
  hits: count,
  /** When the last flush brought hits: those that wait in Redis came later. */
  lastHitAt: v.nullable(time),
  version: count,
  createdAt: time,
  updatedAt: time,
})

/** To a key that may write but not read: enough to edit the link again. */
const writtenAnswer = v.strictObject({ id: v.string(), version: count })
export const editedAnswer = v.union([linkAnswer, writtenAnswer])

export const listAnswer = v.strictObject({ data: v.array(linkAnswer), nextCursor: v.nullable(v.string()) })

const errors = v.optional(v.array(v.strictObject({ path: v.string(), message: v.string() })))

export const bulkAnswer = v.strictObject({
  results: v.array(
    v.strictObject({
      index: count,
      outcome: v.picklist(['created', 'updated', 'rejected']),
      link: v.optional(editedAnswer),
      code: v.optional(v.string()),
      errors,
    }),
  ),
})

export const importAnswer = v.strictObject({
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
export const bulkEditAnswer = v.strictObject({
  ...bulkEdit,
  changed: count,
  /** In a dry run of a move: links that stay, because there is one with their code. */
  taken: v.optional(count),
})
export const bulkDeleteAnswer = v.strictObject({ ...bulkEdit, deleted: count })

const key = {
  id: v.string(),
  name: v.string(),
  prefix: v.string(),
  scopes: v.array(v.picklist(SCOPES)),
  domains: v.nullable(v.array(v.string())),
  expiresAt: v.nullable(time),
  lastUsedAt: v.nullable(time),
  createdAt: time,
  createdBy: v.nullable(v.string()),
  revokedAt: v.nullable(time),
}
export const newKeyAnswer = v.strictObject({ ...key, key: v.string() })
export const keysAnswer = v.strictObject({ data: v.array(v.strictObject(key)) })

export const domainAnswer = v.strictObject({
  host: v.string(),
  rootUrl: url,
  notFoundUrl: url,
  expiredUrl: url,
  defaultStatus: status,
  robots: v.picklist(ROBOTS_POLICIES),
  createdAt: time,
  updatedAt: time,
})
export const domainsAnswer = v.strictObject({
  data: v.array(domainAnswer),
  /** Hosts that are namespaces of their own, as far as the caller may use them. */
  served: v.array(v.string()),
})

export const problemAnswer = v.strictObject({
  type: v.string(),
  title: v.string(),
  status: count,
  detail: v.string(),
  code: v.string(),
  errors,
})

/** Reports for operators, which may grow. */
export const report = v.looseObject({})
