/**
 * @module
 * What the commands read of the API's statistics. Fields they do not know pass through to `--json`.
 */
import * as v from 'valibot'
import { DIMENSION_NAMES } from '../../visits/visit.ts'

/** JSON can say 1e999, which is no width of a bar. */
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const counts = { hits: count, people: count, bots: count, visitors: v.nullable(count) }

export const statsResponse = v.looseObject({
  ...v.entriesFromList(['from', 'to', 'timezone', 'interval'], v.string()),
  approximateBefore: v.optional(v.nullable(v.string()), null),
  totals: v.looseObject({ ...counts, waiting: v.nullable(count) }),
  series: v.array(v.looseObject({ at: v.string(), ...counts })),
  groups: v.record(
    v.string(),
    v.looseObject({
      ...v.entriesFromList(['from', 'to'], v.string()),
      values: v.array(v.looseObject({ value: v.string(), people: count })),
      other: count,
    }),
  ),
})
export type StatsResponse = v.InferOutput<typeof statsResponse>
export type StatsGroup = StatsResponse['groups'][string]

export const visitResponse = v.looseObject({
  at: v.string(),
  link: v.looseObject(v.entriesFromList(['id', 'domain', 'code'], v.string())),
  bot: v.boolean(),
  visitor: v.nullable(v.string()),
  // A server that is older than the CLI lacks the newest ones.
  ...v.entriesFromList(DIMENSION_NAMES, v.optional(v.string(), '')),
})
export type VisitResponse = v.InferOutput<typeof visitResponse>

export const visitsResponse = v.object({ data: v.array(visitResponse), nextCursor: v.nullable(v.string()) })

export const missesResponse = v.looseObject({
  ...v.entriesFromList(['from', 'to'], v.string()),
  data: v.array(v.looseObject({ domain: v.string(), code: v.string(), misses: count })),
})
export type MissesResponse = v.InferOutput<typeof missesResponse>

export const purgeResponse = v.looseObject({ days: count, hits: count, visits: count })

export const visitImportResponse = v.looseObject({
  results: v.array(
    v.looseObject({
      outcome: v.picklist(['counted', 'unchanged', 'rejected']),
      hits: count,
      problem: v.optional(v.string(), ''),
      errors: v.optional(v.array(v.object({ path: v.string(), message: v.string() })), []),
    }),
  ),
  unlogged: count,
})
