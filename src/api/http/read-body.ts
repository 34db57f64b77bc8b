import type * as v from 'valibot'
import type { ApiContext } from '../routes/link-request.ts'
import { parseInput } from './parse-input.ts'
import { Problem } from './problem.ts'

/**
 * @param whenEmpty what an empty body stands for; left out = it is an error.
 * @throws {Problem} 400 for what is no JSON object, 422 with every wrong field for one that `schema` refuses.
 */
export function readBody<Schema extends v.GenericSchema>(
  c: ApiContext,
  schema: Schema,
  whenEmpty?: object,
): v.InferOutput<Schema> {
  const detail = 'The body has fields that cannot be accepted; see "errors".'
  return parseInput(schema, readJson(c.var.body, whenEmpty), detail)
}

function readJson(text: string, whenEmpty?: object): unknown {
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
