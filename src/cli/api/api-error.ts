import { CliError } from '../cli-error.ts'
import { EXIT } from '../exit-code.ts'
import { visible } from '../terminal/visible.ts'

export interface FieldProblem {
  readonly path: string
  readonly message: string
}

/** The API refused. */
export class ApiError extends CliError {
  override readonly name = 'ApiError'
  readonly status: number
  /** The stable code of its problem document; '' when it sent none. */
  readonly code: string
  readonly errors: readonly FieldProblem[]

  constructor(status: number, code: string, detail: string, errors: readonly FieldProblem[] = []) {
    const fields = errors.map(
      ({ path, message }) => `\n  ${path === '' ? 'body' : visible(path)}: ${visible(message)}`,
    )
    super(`${visible(detail)}${fields.join('')}${HINTS[status] ?? ''}`, EXIT.failed)
    this.status = status
    this.code = code
    this.errors = errors
  }
}

/** No response after every attempt, or not one of linkr's API. */
export class ApiUnreachable extends CliError {
  override readonly name = 'ApiUnreachable'
}

const HINTS: Readonly<Record<number, string>> = {
  401: '\nSet LINKR_TOKEN (or --token) to an API key or to the ADMIN_TOKEN of this linkr.',
  403: '\nThe token in LINKR_TOKEN lacks the scope or the domain for this.',
}
