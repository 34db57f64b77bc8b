import { LINK_FIELD_NAMES, LINK_FIELDS } from '../link-fields.ts'
import { type FieldOptions, fieldOptions } from './field-options.ts'

/** The options that set a link's fields; `filters` as in `fieldOptions`. */
export function linkOptions(filters: readonly string[] = []): FieldOptions {
  const fields = LINK_FIELD_NAMES.flatMap((name) => {
    const { option } = LINK_FIELDS[name]
    return option === undefined ? [] : [[name, option] as const]
  })
  return fieldOptions(fields, filters)
}
