import * as v from 'valibot'
import { type FieldError, Problem } from './problem.ts'

/** @throws {Problem} 422 with every wrong field for what `schema` refuses. */
export function parseInput<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  detail: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, input, ONE_ISSUE_A_FIELD)
  if (parsed.success) return parsed.output
  const { issues } = parsed
  const more = issues.length - MAX_ERRORS
  const rest = more > 0 ? ` ${more} more are not listed.` : ''
  throw new Problem(422, 'invalid_request', `${detail}${rest}`, fieldErrors(issues, MAX_ERRORS))
}

/** What a text that is too long contains need not be looked at. */
export const ONE_ISSUE_A_FIELD = { abortPipeEarly: true } as const
/** Enough to correct a request by. */
export const MAX_ERRORS = 20
/** The client names unknown fields, at any length. */
const MAX_PATH_LENGTH = 100

export function fieldErrors(issues: readonly v.GenericIssue[], max: number): FieldError[] {
  return issues.slice(0, max).map((issue) => {
    const path = v.getDotPath(issue) ?? ''
    return { path: path.slice(0, MAX_PATH_LENGTH), message: messageOf(issue) }
  })
}

function messageOf({ type, message, expected, received }: v.GenericIssue): string {
  if (type === 'strict_object' && expected === 'never') return 'is not a field of this request'
  if (received === 'undefined') return 'is required'
  return message
}
