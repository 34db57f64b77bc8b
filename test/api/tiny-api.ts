import { Hono } from 'hono'
import { ADMIN, type ApiEnv, type Caller } from '../../src/api/http/caller.ts'
import { errorResponse } from '../../src/api/http/error-response.ts'

/** An API of nothing yet: what a test adds to it sees this caller and body, and its errors are mapped as in the real one. */
export function tinyApi({
  caller = ADMIN,
  body = '',
}: {
  readonly caller?: Caller
  readonly body?: string
} = {}) {
  const api = new Hono<ApiEnv>()
  api.onError(errorResponse)
  api.use(async (c, next) => {
    c.set('caller', caller)
    c.set('body', body)
    await next()
  })
  return api
}

/** A response's status and, of a problem, its code. */
export async function outcome(response: Response | Promise<Response>): Promise<readonly [number, string?]> {
  const settled = await response
  const text = await settled.text()
  if (settled.headers.get('Content-Type') !== 'application/problem+json') return [settled.status]
  return [settled.status, (JSON.parse(text) as { readonly code: string }).code]
}
