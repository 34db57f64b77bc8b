import { Tokenizer } from '@streamparser/json'

/** Where the rows of a JSON text are, and the fields of the first. */
export interface JsonShape {
  readonly rows: 'lines' | 'array' | 'data' | 'links'
  readonly keys: ReadonlySet<string>
}

const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, COLON, STRING] = [0, 1, 2, 3, 4, 9]

/** Reads the start of a JSON text, which may break off anywhere. `null` = it is no JSON, or has no rows. */
export function jsonShape(head: string): JsonShape | null {
  let depth = 0
  let root: number | undefined
  let container: 'data' | 'links' | undefined
  let text = ''
  let key = ''
  let rowDepth = 0
  let rows = 0
  const keys = new Set<string>()
  const topKeys = new Set<string>()
  const tokenizer = new Tokenizer({ separator: '' })
  tokenizer.onToken = ({ token, value }) => {
    if (token === OPEN_OBJECT || token === OPEN_ARRAY) {
      depth++
      root ??= token
      if (depth === 1 && token === OPEN_ARRAY) rowDepth = 2
      const isContainer = depth === 2 && root === OPEN_OBJECT && token === OPEN_ARRAY && rowDepth === 0
      if (isContainer && (key === 'data' || key === 'links')) {
        container = key
        rowDepth = 3
      }
      if (depth === rowDepth) rows++
    } else if (token === CLOSE_OBJECT || token === CLOSE_ARRAY) depth--
    else if (token === STRING) text = String(value)
    else if (token === COLON) {
      key = text
      if (depth === 1) topKeys.add(key)
      if (depth === rowDepth && rows === 1) keys.add(key)
    }
  }
  try {
    tokenizer.write(head)
  } catch {
    // What came before the mistake may still show what this was meant to be: one bad line must not hide a thousand.
  }
  if (root === OPEN_ARRAY) return { rows: 'array', keys }
  if (container !== undefined) return { rows: container, keys }
  return root === OPEN_OBJECT ? { rows: 'lines', keys: topKeys } : null
}
