/**
 * @module
 * What the commands read of the API's answers. Fields they do not know pass through to `--json`.
 */
import * as v from 'valibot'

const nullableText = v.nullable(v.string())

export const linkAnswer = v.looseObject({
  id: v.string(),
  domain: v.string(),
  code: v.string(),
  shortUrl: v.string(),
  url: v.string(),
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
export type LinkAnswer = v.InferOutput<typeof linkAnswer>

export const linkPageAnswer = v.object({ data: v.array(linkAnswer), nextCursor: nullableText })

const problems = v.optional(v.array(v.object({ path: v.string(), message: v.string() })), [])

export const importAnswer = v.object({
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
export type ImportAnswer = v.InferOutput<typeof importAnswer>

const bulk = { matched: v.number(), more: v.optional(v.boolean(), false), ids: v.array(v.string()) }
export const bulkEditAnswer = v.object({
  ...bulk,
  changed: v.optional(v.number(), 0),
  taken: v.optional(v.number(), 0),
})
export const bulkDeleteAnswer = v.object({ ...bulk, deleted: v.optional(v.number(), 0) })

export const keyAnswer = v.looseObject({
  id: v.string(),
  name: v.string(),
  prefix: v.string(),
  scopes: v.array(v.string()),
  domains: v.optional(v.nullable(v.array(v.string())), null),
  expiresAt: v.optional(nullableText, null),
  lastUsedAt: v.optional(nullableText, null),
  createdAt: v.string(),
  revokedAt: v.optional(nullableText, null),
})
export type KeyAnswer = v.InferOutput<typeof keyAnswer>
export const newKeyAnswer = v.looseObject({ ...keyAnswer.entries, key: v.string() })
export const keyListAnswer = v.looseObject({ data: v.array(keyAnswer) })

export const domainAnswer = v.looseObject({
  host: v.string(),
  rootUrl: nullableText,
  notFoundUrl: nullableText,
  expiredUrl: nullableText,
  defaultStatus: v.number(),
  robots: v.string(),
})
export type DomainAnswer = v.InferOutput<typeof domainAnswer>
export const domainListAnswer = v.looseObject({
  data: v.array(domainAnswer),
  /** Hosts that are namespaces of their own. */
  served: v.optional(v.array(v.string()), []),
})

export const warmAnswer = v.object({ links: v.number(), warmed: v.number() })

const times = v.optional(v.number(), 0)
export const reconcileAnswer = v.object({
  ...{ drained: times, checked: times, repaired: times, released: times },
  complete: v.optional(v.boolean(), true),
})

const storeHealth = v.looseObject({
  state: v.string(),
  latencyMs: v.nullable(v.number()),
  breaker: v.string(),
})
export const healthAnswer = v.looseObject({
  status: v.string(),
  redis: storeHealth,
  postgres: storeHealth,
  syncLagMs: v.nullable(v.number()),
  outbox: v.nullable(v.looseObject({ depth: v.number(), oldestAgeMs: v.nullable(v.number()) })),
  hits: v.looseObject({
    redis: v.nullable(v.looseObject({ pending: v.number(), oldestAgeMs: v.nullable(v.number()) })),
    isolate: v.looseObject({ waitingLinks: v.number(), droppedHits: v.number() }),
  }),
  advice: v.optional(v.array(v.string()), []),
})
export type HealthAnswer = v.InferOutput<typeof healthAnswer>

/** Of the operator's commands: shown as it comes. */
export const anyObject = v.record(v.string(), v.unknown())
/** 204 has no body. */
export const nothing = v.undefined()
