import * as v from 'valibot'
import { ROBOTS_POLICIES } from '../../links/domain-settings.ts'
import { destination, redirectStatus } from './link-fields.ts'
import { trueOrFalse } from './scalars.ts'

/** A page of the owner's own, which may well be on the same host: only a redirect to itself would loop. */
const url = v.optional(v.nullable(destination(() => false)), null)

export const domainSchema = v.strictObject({
  rootUrl: url,
  notFoundUrl: url,
  expiredUrl: url,
  defaultStatus: v.optional(redirectStatus, 302),
  robots: v.optional(v.picklist(ROBOTS_POLICIES, `must be one of ${ROBOTS_POLICIES.join(', ')}`), 'allow'),
  respectsOptOut: v.optional(trueOrFalse, true),
  geography: v.optional(trueOrFalse, false),
})
