/**
 * @module
 * What the commands read of the API's responses. Fields they do not know pass through to `--json`.
 */
import * as v from 'valibot'

const nullableText = v.nullable(v.string())

export const linkResponse = v.looseObject({
  ...v.entriesFromList(['id', 'domain', 'code', 'shortUrl', 'url'], v.string()),
  status: v.number(),
  enabled: v.boolean(),
  expiresAt: nullableText,
  forwardQuery: v.boolean(),
  title: nullableText,
  tags: v.array(v.string()),
  hits: v.number(),
  lastHitAt: v.optional(nullableText),
  version: v.number(),
  createdAt: v.string(),
  updatedAt: v.string(),
})
export type LinkResponse = v.InferOutput<typeof linkResponse>

export const linkPageResponse = v.object({ data: v.array(linkResponse), nextCursor: nullableText })

const problems = v.optional(v.array(v.object({ path: v.string(), message: v.string() })), [])

export const importResponse = v.object({
  results: v.array(
    v.object({
      index: v.number(),
      outcome: v.picklist(['created', 'updated', 'skipped', 'renamed', 'rejected']),
      code: v.optional(v.string()),
      sameDestination: v.optional(v.boolean()),
      problem: v.optional(v.string()),
      errors: problems,
    }),
  ),
})
export type ImportResponse = v.InferOutput<typeof importResponse>

const times = v.optional(v.number(), 0)

/** Of an edit or a delete. */
export const bulkResponse = v.object({
  ...{ matched: v.number(), more: v.optional(v.boolean(), false) },
  ...{ changed: times, deleted: times, taken: times },
})
export type BulkResponse = v.InferOutput<typeof bulkResponse>

export const keyResponse = v.looseObject({
  ...v.entriesFromList(['id', 'name', 'prefix'], v.string()),
  scopes: v.array(v.string()),
  domains: v.optional(v.nullable(v.array(v.string())), null),
  expiresAt: v.optional(nullableText, null),
  lastUsedAt: v.optional(nullableText, null),
  createdAt: v.string(),
  revokedAt: v.optional(nullableText, null),
})
export type KeyResponse = v.InferOutput<typeof keyResponse>
export const newKeyResponse = v.looseObject({ ...keyResponse.entries, key: v.string() })
export type NewKeyResponse = v.InferOutput<typeof newKeyResponse>
export const keyListResponse = v.looseObject({ data: v.array(keyResponse) })

export const domainResponse = v.looseObject({
  host: v.string(),
  ...v.entriesFromList(['rootUrl', 'notFoundUrl', 'expiredUrl'], nullableText),
  defaultStatus: v.number(),
  robots: v.string(),
  // An older server has neither.
  respectsOptOut: v.optional(v.boolean()),
  geography: v.optional(v.boolean()),
})
export type DomainResponse = v.InferOutput<typeof domainResponse>
export const domainListResponse = v.looseObject({
  data: v.array(domainResponse),
  /** Hosts that are namespaces of their own. */
  served: v.optional(v.array(v.string()), []),
})

export const warmResponse = v.object({ links: v.number(), warmed: v.number() })

export const RECONCILE_COUNTS = ['drained', 'checked', 'repaired', 'released'] as const
export const reconcileResponse = v.object({
  ...v.entriesFromList(RECONCILE_COUNTS, times),
  complete: v.optional(v.boolean(), true),
})

const nullableNumber = v.nullable(v.number())
const storeHealth = v.looseObject({ state: v.string(), latencyMs: nullableNumber, breaker: v.string() })
export const healthResponse = v.looseObject({
  status: v.string(),
  redis: storeHealth,
  postgres: storeHealth,
  syncLagMs: nullableNumber,
  outbox: v.nullable(v.looseObject({ depth: v.number(), oldestAgeMs: nullableNumber })),
  hits: v.looseObject({
    redis: v.nullable(v.looseObject({ pending: v.number(), oldestAgeMs: nullableNumber })),
    isolate: v.looseObject({ waitingLinks: v.number(), droppedHits: v.number() }),
  }),
  advice: v.optional(v.array(v.string()), []),
})
export type HealthResponse = v.InferOutput<typeof healthResponse>

/** Of the operator's commands: shown as it comes. */
export const anyObject = v.record(v.string(), v.unknown())
/** 204 has no body. */
export const nothing = v.undefined()
