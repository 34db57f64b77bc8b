import * as v from 'valibot'
import { type FieldError, Problem } from './problem.ts'

/** @throws {Problem} 422 with every wrong field for what `schema` refuses. */
export function parseInput<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  detail: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, input)
  if (parsed.success) return parsed.output
  throw new Problem(422, 'invalid_request', detail, fieldErrors(parsed.issues))
}

export function fieldErrors(issues: readonly v.GenericIssue[]): FieldError[] {
  return issues.map((issue) => ({ path: v.getDotPath(issue) ?? '', message: messageOf(issue) }))
}

function messageOf({ type, message, expected, received }: v.GenericIssue): string {
  if (type === 'strict_object' && expected === 'never') return 'is not a field of this request'
  if (received === 'undefined') return 'is required'
  return message
}
