import ky, { HTTPError } from 'ky'
import * as v from 'valibot'
import { rootMessage } from '../../node/root-message.ts'
import { shorten } from '../terminal/shorten.ts'
import { visible } from '../terminal/visible.ts'
import type { ApiClient, RequestOptions } from './api-client.ts'
import { ApiError, ApiUnreachable } from './api-error.ts'
import { backoffMs } from './backoff.ts'

export interface HttpApiClientOptions {
  /** Without a trailing slash: `https://go.example.com`. */
  readonly origin: string
  readonly token: string
  /** Told before each wait, so that a stalled import explains itself. */
  readonly onRetry: (reason: string, waitMs: number) => void
}

const DEFAULT_ATTEMPTS = 4
/** An import of 1,000 links on a store that has to wake up first. */
const TIMEOUT_MS = 60_000

/** The API over HTTP, with retries of what is safe to send again. */
export function createHttpApiClient({ origin, token, onRetry }: HttpApiClientOptions): ApiClient {
  return {
    origin,
    async request(route, schema, options = {}) {
      const { query = {}, body, bodyText, idempotencyKey, alsoAccepts, signal } = options
      const [method = '', path = ''] = route.split(' ')
      let failure: unknown
      try {
        const response = await ky(`${origin}/api${path}`, {
          method,
          // A redirect would turn a POST into a GET, or send the token elsewhere.
          redirect: 'manual',
          headers: {
            Accept: 'application/json',
            Authorization: `Bearer ${token}`,
            ...(bodyText === undefined ? {} : { 'Content-Type': 'application/json' }),
            ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
            ...options.headers,
          },
          searchParams: Object.entries(query).flatMap(([name, value = []]) =>
            [value].flat().map((each) => [name, each]),
          ),
          ...(bodyText === undefined ? { json: body } : { body: bodyText }),
          throwHttpErrors: (status) => status !== alsoAccepts,
          fetch: fetchWhole,
          timeout: false,
          ...(signal === undefined ? {} : { signal }),
          retry: {
            limit: (options.attempts ?? DEFAULT_ATTEMPTS) - 1,
            methods: ['get', 'post', 'put', 'patch', 'delete'],
            shouldRetry({ error }) {
              failure = error
              return signal?.aborted !== true && mayRepeat(method, options, error)
            },
            delay(count) {
              const retryAfter =
                failure instanceof HTTPError ? failure.response.headers.get('Retry-After') : null
              const wait = backoffMs(count, retryAfter, Math.random(), Date.now())
              onRetry(reasonOf(failure), wait)
              return wait
            },
          },
        })
        return readBody(await response.text(), schema, origin)
      } catch (error) {
        if (error instanceof ApiUnreachable || (signal?.aborted === true && error === signal.reason))
          throw error
        if (error instanceof HTTPError) throw toApiError(error, origin)
        const reason = reasonOf(error)
        throw new ApiUnreachable(`No response from ${origin}: ${reason}. Is LINKR_URL (or --url) right?`)
      }
    },
  }
}

/**
 * One attempt, to the end of its body: a response that breaks off half-way is tried again too. It has a signal of its own
 * in place of the request's, which only ends the waits.
 */
async function fetchWhole(request: Parameters<typeof fetch>[0]): Promise<Response> {
  const response = await fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  return new Response((await response.text()) || null, response)
}

/** Whether the same request may well succeed later, and does no harm if an earlier attempt succeeded unseen. */
function mayRepeat(method: string, options: RequestOptions, error: Error): boolean {
  const { idempotencyKey, isRepeatable: isSafe = false } = options
  const isRepeatable = method === 'GET' || method === 'PUT' || isSafe || idempotencyKey !== undefined
  if (!(error instanceof HTTPError)) return isRepeatable
  const { status } = error.response
  // It was refused before anything was done.
  if (status === 429) return true
  return isRepeatable && (status >= 500 || problemIn(error)?.code === 'idempotency_in_progress')
}

function reasonOf(error: unknown): string {
  return error instanceof HTTPError ? `status ${error.response.status}` : rootMessage(error)
}

function readBody<Body>(text: string, schema: v.GenericSchema<unknown, Body>, origin: string): Body {
  const parsed = v.safeParse(schema, parseJson(text))
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const where = issue === undefined ? '' : ` (${v.getDotPath(issue) ?? 'body'}: ${issue.message})`
  throw new ApiUnreachable(`${origin} responds, but not as linkr's API does${visible(where)}.`)
}

/** `undefined` = no JSON, or nothing at all (204). */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const problem = v.object({
  code: v.optional(v.string(), ''),
  detail: v.string(),
  errors: v.optional(v.array(v.object({ path: v.string(), message: v.string() })), []),
})

function problemIn({ data }: HTTPError): v.InferOutput<typeof problem> | null {
  const parsed = v.safeParse(problem, typeof data === 'string' ? parseJson(data) : data)
  return parsed.success ? parsed.output : null
}

function toApiError(error: HTTPError, origin: string): ApiError {
  const { status, headers } = error.response
  if (status >= 300 && status < 400) {
    const location = visible(headers.get('Location') ?? 'nowhere')
    return new ApiError(status, '', `${origin} redirects to ${location}: set LINKR_URL to it.`)
  }
  const found = problemIn(error)
  if (found !== null) return new ApiError(status, found.code, visible(found.detail), found.errors)
  const text = typeof error.data === 'string' ? error.data : (JSON.stringify(error.data) ?? '')
  const excerpt = shorten(visible(text).trim(), 120)
  return new ApiError(status, '', `${origin} responded with status ${status}${excerpt && `: ${excerpt}`}`)
}
