/**
 * @module
 * Problem details (RFC 9457): the body of every response that reports an error.
 */
import { LinkrError } from '../../errors.ts'
import { RATE_LIMIT_PERIOD_S } from '../../rate-limiter.ts'

export interface FieldError {
  /** Dotted path into the body, `tags.0`; '' for the body itself. */
  readonly path: string
  readonly message: string
}

/** An error that tells the client what to do. Nothing in it may be a secret. */
export class Problem extends LinkrError {
  override readonly name = 'Problem' as const
  readonly status: LinkrError['status']
  readonly code: string
  readonly errors: readonly FieldError[] | undefined

  constructor(status: LinkrError['status'], code: string, detail: string, errors?: readonly FieldError[]) {
    super(detail)
    this.status = status
    this.code = code
    this.errors = errors
  }
}

const TITLES: Readonly<Record<LinkrError['status'] | 500, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

export interface ProblemBody {
  readonly status: LinkrError['status'] | 500
  readonly code: string
  readonly detail: string
  readonly errors?: readonly FieldError[] | undefined
}

export function problemResponse({ status, code, detail, errors }: ProblemBody): Response {
  const headers = new Headers({ 'Content-Type': 'application/problem+json' })
  if (status === 401) headers.set('WWW-Authenticate', 'Bearer realm="linkr"')
  if (status === 429) headers.set('Retry-After', `${RATE_LIMIT_PERIOD_S}`)
  if (status === 503) headers.set('Retry-After', '5')
  const body = { type: 'about:blank', title: TITLES[status], status, detail, code, errors }
  return new Response(JSON.stringify(body), { status, headers })
}
