import * as v from 'valibot'
import { SCOPES } from '../../owners/api-key.ts'
import { dateTime, domainName, list, printable } from './scalars.ts'
import type { ValidationContext } from './validation-context.ts'

export function keySchema({ now, isDomain, callerExpiresAt }: ValidationContext) {
  const outlives = (date: Date | null): boolean =>
    callerExpiresAt !== null && (date === null || date.getTime() > callerExpiresAt.getTime())
  return v.pipe(
    v.strictObject({
      name: v.pipe(
        printable,
        v.nonEmpty('must not be empty'),
        v.maxLength(100, 'must have at most 100 characters'),
      ),
      scopes: v.pipe(
        list(v.picklist(SCOPES, `must be one of ${SCOPES.join(', ')}`), 10, 'must have at most 10 items'),
        v.minLength(1, 'must not be empty'),
        v.transform((all) => [...new Set(all)]),
      ),
      /** Left out, the key lives for as long as the one that makes it. */
      expiresAt: v.optional(
        v.pipe(
          v.nullable(
            v.pipe(
              dateTime,
              v.check((date) => date.getTime() > now(), 'must be a date in the future'),
            ),
          ),
          v.check(
            (date) => !outlives(date),
            `must not be later than ${callerExpiresAt?.toISOString()}, when your own key expires`,
          ),
        ),
      ),
      domains: v.optional(
        v.nullable(
          v.pipe(
            list(
              v.pipe(domainName, v.check(isDomain, 'must be "*" or a host listed in DOMAINS')),
              100,
              'must have at most 100 items',
            ),
            v.minLength(1, 'must not be empty'),
            v.transform((all) => [...new Set(all)]),
          ),
        ),
        null,
      ),
    }),
    // It could make itself a key without the restriction.
    v.check(
      ({ scopes, domains }) => domains === null || !scopes.includes('admin'),
      'must not have both the scope "admin" and domains',
    ),
  )
}

const MAX_OVERLAP_S = 7 * 24 * 60 * 60

export const rotateSchema = v.strictObject({
  overlapSeconds: v.optional(
    v.pipe(
      v.number('must be a whole number'),
      v.integer('must be a whole number'),
      v.minValue(0, 'must not be negative'),
      v.maxValue(MAX_OVERLAP_S, `must be at most ${MAX_OVERLAP_S}, a week`),
    ),
    0,
  ),
})
