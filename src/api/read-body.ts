import type { Context } from 'hono'
import type { z } from 'zod'
import { Problem } from './problem.ts'

/** @throws {Problem} 400 for what is no JSON, 422 with every wrong field for JSON that `schema` refuses. */
export async function readBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await readJson(c))
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          path: [...issue.path, key].join('.'),
          message: 'is not a field of this request',
        }))
      : [{ path: issue.path.join('.'), message: issue.message }],
  )
  throw new Problem(
    422,
    'invalid_request',
    'The body has fields that cannot be accepted; see "errors".',
    errors,
  )
}

async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text()
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem(400, 'invalid_json', 'Send a JSON object as the body.')
  }
}
