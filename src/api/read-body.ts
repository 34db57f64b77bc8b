import type { Context } from 'hono'
import * as v from 'valibot'
import { Problem } from './problem.ts'

/**
 * @param whenEmpty what an empty body stands for; left out = it is an error.
 * @throws {Problem} 400 for what is no JSON object, 422 with every wrong field for one that `schema` refuses.
 */
export async function readBody<Schema extends v.GenericSchema>(
  c: Context,
  schema: Schema,
  whenEmpty?: object,
): Promise<v.InferOutput<Schema>> {
  const parsed = v.safeParse(schema, await readJson(c, whenEmpty))
  if (parsed.success) return parsed.output
  const errors = parsed.issues.map((issue) => ({
    path: v.getDotPath(issue) ?? '',
    message: messageOf(issue),
  }))
  throw new Problem(
    422,
    'invalid_request',
    'The body has fields that cannot be accepted; see "errors".',
    errors,
  )
}

function messageOf({ type, message, expected, received }: v.GenericIssue): string {
  if (type === 'strict_object' && expected === 'never') return 'is not a field of this request'
  if (received === 'undefined') return 'is required'
  return message
}

async function readJson(c: Context, whenEmpty?: object): Promise<unknown> {
  const text = await c.req.text()
  const body = text === '' ? whenEmpty : parseJson(text)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  throw new Problem(400, 'invalid_json', 'Send a JSON object as the body.')
}

/** `undefined` = no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
