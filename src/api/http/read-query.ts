import type { Context } from 'hono'
import type * as v from 'valibot'
import type { QuerySchema } from '../contract/operation.ts'
import { parseInput } from './parse-input.ts'

/** How the text of a parameter becomes what its schema expects, in valibot's words; every other one stays text. */
const FROM_TEXT: Readonly<Record<string, (texts: readonly string[]) => unknown>> = {
  '(number | undefined)': ([text = '', ...more]) =>
    more.length === 0 && /^\d{1,9}$/.test(text) ? Number(text) : text,
  '(boolean | undefined)': ([text, ...more]) =>
    more.length === 0 && (text === 'true' || text === 'false') ? text === 'true' : text,
  '(Array | undefined)': (texts) => texts,
}

/** @throws {Problem} 422 with every wrong parameter for a query that `schema` refuses. */
export function readQuery<Schema extends QuerySchema>(c: Context, schema: Schema): v.InferOutput<Schema> {
  // Not `c.req.queries()`: a parameter named `__proto__` makes it throw.
  const { searchParams } = new URL(c.req.url)
  const query = [...new Set(searchParams.keys())].map((name): [string, unknown] => {
    const texts = searchParams.getAll(name)
    const expected = Object.hasOwn(schema.entries, name) ? schema.entries[name]?.expects : undefined
    const fromText = FROM_TEXT[expected ?? '']
    // An array where none belongs is refused by the schema.
    return [name, fromText?.(texts) ?? (texts.length === 1 ? texts[0] : texts)]
  })
  return parseInput(
    schema,
    Object.fromEntries(query),
    'The query has parameters that cannot be accepted; see "errors".',
  )
}
