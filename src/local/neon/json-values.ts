/**
 * Which types are arrays, and of what: their OID -> their element's. `int2vector` and its like are not, they print
 * without braces. Read from the catalogue, so arrays of enums and domains count too.
 */
export type ArrayTypes = ReadonlyMap<number, number>

export const ARRAY_TYPES_QUERY = `SELECT oid, typelem FROM pg_type WHERE typinput = 'array_in'::regproc`

/** OIDs below this one are built in; above it types come and go, so the catalogue is worth asking again. */
export const FIRST_USER_OID = 16_384

const BOOL = 16
/** Alone among the built-in types its elements are separated by semicolons: `{(2,2),(1,1);(4,4),(3,3)}`. */
const BOX = 603
const SMALL_INTEGERS = new Set([21, 23])
const FLOATS = new Set([700, 701])
const JSON_TYPES = new Set([114, 3802])

/**
 * Postgres' text of a value as JSON text, by Neon's rules: booleans, 2- and 4-byte integers, finite floats, JSON and
 * arrays become what they are, everything else (also int8 and numeric, which JSON numbers would round) a string.
 */
export function toJsonText(text: string, type: number, arrays: ArrayTypes): string {
  const element = arrays.get(type)
  if (element !== undefined) return new ArrayParser(text, element, arrays).parse()
  if (type === BOOL) return text === 't' ? 'true' : 'false'
  if (SMALL_INTEGERS.has(type)) return text
  if (FLOATS.has(type)) return Number.isFinite(Number(text)) ? String(Number(text)) : JSON.stringify(text)
  return JSON_TYPES.has(type) ? text : JSON.stringify(text)
}

/** https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO, written out as JSON on the way. */
class ArrayParser {
  readonly #text: string
  readonly #element: number
  readonly #arrays: ArrayTypes
  readonly #delimiter: string
  #at: number

  constructor(text: string, element: number, arrays: ArrayTypes) {
    this.#text = text
    this.#element = element
    this.#arrays = arrays
    this.#delimiter = element === BOX ? ';' : ','
    // `[2:3]={1,2}`: JSON has no place for lower bounds
    this.#at = text.startsWith('[') ? text.indexOf('=') + 1 : 0
  }

  parse(): string {
    const items: string[] = []
    this.#at += 1
    while (this.#text[this.#at] !== '}') {
      if (this.#at >= this.#text.length)
        throw new Error('could not parse postgres response: unbalanced array')
      items.push(this.#item())
      if (this.#text[this.#at] === this.#delimiter) this.#at += 1
    }
    this.#at += 1
    return `[${items.join(',')}]`
  }

  #item(): string {
    const first = this.#text[this.#at]
    if (first === '{') return this.parse()
    if (first === '"') return toJsonText(this.#quoted(), this.#element, this.#arrays)
    const start = this.#at
    while (
      this.#at < this.#text.length &&
      this.#text[this.#at] !== this.#delimiter &&
      this.#text[this.#at] !== '}'
    ) {
      this.#at += 1
    }
    const item = this.#text.slice(start, this.#at)
    return item === 'NULL' ? 'null' : toJsonText(item, this.#element, this.#arrays)
  }

  #quoted(): string {
    let value = ''
    for (this.#at += 1; this.#text[this.#at] !== '"'; this.#at += 1) {
      if (this.#at >= this.#text.length)
        throw new Error('could not parse postgres response: unbalanced string')
      if (this.#text[this.#at] === '\\') this.#at += 1
      value += this.#text[this.#at] ?? ''
    }
    this.#at += 1
    return value
  }
}
