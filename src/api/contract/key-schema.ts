import * as v from 'valibot'
import { SCOPES } from '../../owners/api-key.ts'
import { domainIn, futureTime, label, list, wholeNumber } from './scalars.ts'
import type { ValidationContext } from './validation-context.ts'

export function keySchema({ now, isDomain, callerExpiresAt }: ValidationContext) {
  const outlives = (date: Date | null): boolean =>
    callerExpiresAt !== null && (date === null || date.getTime() > callerExpiresAt.getTime())
  const expiresAt = v.pipe(
    v.nullable(futureTime(now)),
    v.check(
      (date) => !outlives(date),
      `must not be later than ${callerExpiresAt?.toISOString()}, when your own key expires`,
    ),
  )
  return v.pipe(
    v.strictObject({
      name: label(100),
      scopes: set(v.picklist(SCOPES, `must be one of ${SCOPES.join(', ')}`), 10),
      /** Left out, the key lives for as long as the one that makes it. */
      expiresAt: v.optional(expiresAt),
      domains: v.optional(v.nullable(set(domainIn(isDomain), 100)), null),
    }),
    // It could make itself a key without the restriction.
    v.check(
      ({ scopes, domains }) => domains === null || !scopes.includes('admin'),
      'must not have both the scope "admin" and domains',
    ),
  )
}

function set<Output>(item: v.GenericSchema<unknown, Output>, max: number) {
  return v.pipe(
    list(item, max, `must have at most ${max} items`),
    v.minLength(1, 'must not be empty'),
    v.transform((all) => [...new Set(all)]),
  )
}

/** A week. */
const MAX_OVERLAP_S = 7 * 24 * 60 * 60

export const rotateSchema = v.strictObject({
  overlapSeconds: v.optional(wholeNumber(0, MAX_OVERLAP_S), 0),
})
