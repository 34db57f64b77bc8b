import * as v from 'valibot'
import { trueOrFalse, wholeNumber } from './scalars.ts'

export const warmSchema = v.strictObject({
  count: v.optional(wholeNumber(1, 1_000), 1_000),
  offset: v.optional(wholeNumber(0, 1e9), 0),
})

export const reconcileSchema = v.strictObject({ full: v.optional(trueOrFalse, false) })
