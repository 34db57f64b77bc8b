import * as v from 'valibot'
import { trueOrFalse } from './scalars.ts'

const whole = (min: number, max: number) =>
  v.pipe(
    v.number(),
    v.integer('must be a whole number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  )

export const warmSchema = v.strictObject({
  count: v.optional(whole(1, 1_000), 1_000),
  offset: v.optional(whole(0, 1e9), 0),
})

export const reconcileSchema = v.strictObject({ full: v.optional(trueOrFalse, false) })
