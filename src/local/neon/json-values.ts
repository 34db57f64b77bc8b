import { parse as parseArray } from 'postgres-array'

/**
 * Which types are arrays, and of what: their OID -> their element's. `int2vector` and its like are not, they print
 * without braces. Read from the catalogue, so arrays of enums and domains count too.
 */
export type ArrayTypes = ReadonlyMap<number, number>

export const ARRAY_TYPES_QUERY = `SELECT oid, typelem FROM pg_type WHERE typinput = 'array_in'::regproc`

const BOOL = 16
/** Alone among the built-in types its elements are separated by semicolons: `{(2,2),(1,1);(4,4),(3,3)}`. */
const BOX = 603
const SMALL_INTEGERS_AND_FLOATS = new Set([21, 23, 700, 701])
const JSON_TYPES = new Set([114, 3802])

/**
 * Postgres' text of a value as what it is in JSON, by Neon's rules: booleans, 2- and 4-byte integers, finite floats,
 * JSON and arrays become what they are, everything else (also int8 and numeric, which JSON numbers would round) a string.
 */
export function toJsonValue(text: string, type: number, arrays: ArrayTypes): unknown {
  const element = arrays.get(type)
  if (element !== undefined) {
    const source = element === BOX ? text.replace(/\([^;{}]+/g, '"$&"').replaceAll(';', ',') : text
    return parseArray(source, (item) => toJsonValue(item, element, arrays))
  }
  if (type === BOOL) return text === 't'
  if (SMALL_INTEGERS_AND_FLOATS.has(type)) return Number.isFinite(Number(text)) ? Number(text) : text
  return JSON_TYPES.has(type) ? JSON.parse(text) : text
}
