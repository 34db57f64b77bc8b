import * as v from 'valibot'
import { fieldErrors, MAX_ERRORS, ONE_ISSUE_A_FIELD } from './parse-input.ts'
import type { FieldError } from './problem.ts'

/** Why one item of many was not accepted. */
export interface Rejection {
  readonly index: number
  readonly problem: string
  readonly errors?: FieldError[]
}

export interface ReadItems<Item> {
  /** With their place in the request. */
  readonly accepted: readonly { readonly index: number; readonly item: Item }[]
  readonly rejected: readonly Rejection[]
}

/** Beyond, every item has its first error only. */
const MAX_ERRORS_IN_ALL = 1_000

/** Looks at each item by itself. `accept` resolves to what goes on, or to the code of the problem with it. */
export async function readItems<Schema extends v.GenericSchema, Item extends object>(
  items: readonly unknown[],
  schema: Schema,
  accept: (item: v.InferOutput<Schema>) => Promise<Item | string>,
): Promise<ReadItems<Item>> {
  const accepted: { index: number; item: Item }[] = []
  const rejected: Rejection[] = []
  let errorsLeft = MAX_ERRORS_IN_ALL
  for (const [index, input] of items.entries()) {
    const parsed = v.safeParse(schema, input, ONE_ISSUE_A_FIELD)
    if (!parsed.success) {
      const errors = fieldErrors(parsed.issues, Math.min(MAX_ERRORS, errorsLeft))
      errorsLeft = Math.max(errorsLeft - errors.length, 1)
      rejected.push({ index, problem: 'invalid_request', errors })
      continue
    }
    const item = await accept(parsed.output)
    if (typeof item === 'string') rejected.push({ index, problem: item })
    else accepted.push({ index, item })
  }
  return { accepted, rejected }
}
