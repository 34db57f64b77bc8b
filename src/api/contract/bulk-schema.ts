import * as v from 'valibot'
import { tag } from './link-fields.ts'
import { changesSchema } from './link-schema.ts'
import { filterFields } from './list-schema.ts'
import { list, text, trueOrFalse } from './scalars.ts'
import type { ValidationContext } from './validation-context.ts'

export const MAX_ITEMS = 1_000

const items = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(list(item, MAX_ITEMS, `must have at most ${MAX_ITEMS} items`), v.minLength(1, 'must not be empty'))
const dryRun = v.optional(trueOrFalse, false)

/** Validated one by one later. */
const links = items(v.unknown())

const MODES = ['create', 'upsert'] as const

export const bulkSchema = v.strictObject({
  mode: v.optional(v.picklist(MODES, `must be one of ${MODES.join(', ')}`), 'create'),
  links,
})

/**
 * `restore` overwrites too, but takes `hits` for totals that include what is counted here, as in an export of linkr itself.
 */
export const ON_CONFLICT = ['skip', 'overwrite', 'restore', 'rename', 'fail'] as const

export const importSchema = v.strictObject({
  onConflict: v.optional(v.picklist(ON_CONFLICT, `must be one of ${ON_CONFLICT.join(', ')}`), 'skip'),
  dryRun,
  links,
})

const ids = items(v.pipe(text, v.regex(/^\d{1,18}$/, 'must be the id of a link')))
const oneTag = v.pipe(
  tag,
  v.transform((one) => [one]),
)
const filter = v.pipe(
  v.strictObject({
    ...filterFields,
    tag: v.optional(v.union([oneTag, filterFields.tag.wrapped])),
  }),
  v.check((fields) => Object.keys(fields).length > 0, 'must have at least one field'),
)

const chosen = { ids: v.optional(ids), filter: v.optional(filter), dryRun }
const chosenOneWay = <Body extends { ids?: unknown; filter?: unknown }>() =>
  v.check<Body, string>(
    ({ ids, filter }) => (ids === undefined) !== (filter === undefined),
    'must have either ids or filter',
  )

export function bulkEditSchema(context: ValidationContext) {
  return v.pipe(v.strictObject({ ...chosen, changes: changesSchema(context) }), chosenOneWay())
}

export const bulkDeleteSchema = v.pipe(v.strictObject(chosen), chosenOneWay())
