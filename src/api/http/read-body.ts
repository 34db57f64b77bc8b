import type * as v from 'valibot'
import type { ApiContext } from './caller.ts'
import { parseInput } from './parse-input.ts'
import { Problem } from './problem.ts'

/**
 * @param isOptional whether an empty body stands for `{}`.
 * @throws {Problem} 400 for what is no JSON object, 422 with every wrong field for one that `schema` refuses.
 */
export function readBody<Schema extends v.GenericSchema>(
  c: ApiContext,
  schema: Schema,
  isOptional: boolean,
): v.InferOutput<Schema> {
  const detail = 'The body has fields that cannot be accepted; see "errors".'
  return parseInput(schema, readJson(c.var.body, isOptional), detail)
}

function readJson(text: string, isOptional: boolean): unknown {
  const body = text === '' && isOptional ? {} : parseJson(text)
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
