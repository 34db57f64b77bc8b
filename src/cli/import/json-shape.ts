import { JSONParser } from '@streamparser/json'

/** Where the rows of a JSON text are, and the fields of the first. */
export interface JsonShape {
  readonly rows: 'lines' | 'array' | 'data' | 'links'
  readonly keys: ReadonlySet<string>
}

/** Reads the start of a JSON text, which may break off anywhere. `null` = it is no JSON, or has no rows. */
export function jsonShape(head: string): JsonShape | null {
  const texts = parseStart(head)
  const [first] = texts
  if (Array.isArray(first)) return { rows: 'array', keys: keysOf(first.find(isContainer)) }
  for (const text of texts) {
    for (const [name, value] of Object.entries(text)) {
      if ((name !== 'data' && name !== 'links') || !Array.isArray(value)) continue
      return { rows: name, keys: keysOf(value.find(isContainer)) }
    }
  }
  return first === undefined
    ? null
    : { rows: 'lines', keys: new Set(texts.flatMap((text) => [...keysOf(text)])) }
}

/** Objects and arrays at the top, the last one as far as it came. */
function parseStart(head: string): object[] {
  const texts = new Set<object>()
  const parser = new JSONParser({ separator: '', emitPartialValues: true })
  parser.onValue = ({ key, parent, stack, partial }) => {
    if (parent === undefined) return
    if (stack.length === 1) texts.add(parent)
    // A field that breaks off in its value is one nevertheless.
    if (partial === true && typeof key === 'string' && !Array.isArray(parent)) parent[key] ??= null
  }
  try {
    parser.write(head)
  } catch {
    // What came before the mistake may still show what this was meant to be: one bad line must not hide a thousand.
  }
  return [...texts]
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function keysOf(row: object | undefined): Set<string> {
  return new Set(row === undefined || Array.isArray(row) ? [] : Object.keys(row))
}
