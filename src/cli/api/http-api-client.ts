import { setTimeout as sleepFor } from 'node:timers/promises'
import * as v from 'valibot'
import { rootMessage } from '../../node/root-message.ts'
import { shorten, visible } from '../terminal/visible.ts'
import type { ApiClient, ApiRequest } from './api-client.ts'
import { ApiError, ApiUnreachable } from './api-error.ts'
import { backoffMs } from './backoff.ts'
import { searchOf } from './query.ts'

export interface HttpApiClientOptions {
  /** Without a trailing slash: `https://go.example.com`. */
  readonly origin: string
  readonly token: string
  readonly fetch?: typeof fetch
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>
  readonly random?: () => number
  /** Told before each wait, so that a stalled import explains itself. */
  readonly onRetry?: (reason: string, waitMs: number) => void
}

const DEFAULT_ATTEMPTS = 4
/** An import of 1,000 links on a store that has to wake up first. */
const TIMEOUT_MS = 60_000

const problem = v.object({
  code: v.optional(v.string(), ''),
  detail: v.string(),
  errors: v.optional(v.array(v.object({ path: v.string(), message: v.string() })), []),
})

/** The API over HTTP, with retries of what is safe to send again. */
export function createHttpApiClient({
  origin,
  token,
  fetch: send = fetch,
  sleep = (ms, signal) => sleepFor(ms, undefined, signal === undefined ? {} : { signal }),
  random = Math.random,
  onRetry = () => {},
}: HttpApiClientOptions): ApiClient {
  async function attempt<Answer>(request: ApiRequest<Answer>): Promise<Response> {
    const { method, path, query, body, bodyText, idempotencyKey } = request
    const text = bodyText ?? (body === undefined ? undefined : JSON.stringify(body))
    return await send(`${origin}/api${path}${searchOf(query)}`, {
      method,
      // A redirect would turn a POST into a GET, or send the token elsewhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        Accept: 'application/json',
        Authorization: `Bearer ${token}`,
        ...(text === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
        ...request.headers,
      },
      ...(text === undefined ? {} : { body: text }),
    })
  }

  return {
    origin,
    async request(request) {
      const { attempts = DEFAULT_ATTEMPTS, signal } = request
      for (let count = 1; ; count++) {
        let failure: string
        let retryAfter: string | null = null
        let error: ApiError | undefined
        try {
          const response = await attempt(request)
          const text = await response.text()
          if (response.ok || response.status === request.alsoAnswers)
            return readAnswer(text, request.answer, origin)
          error = readProblem(response, text, origin)
          if (!isPassing(error)) throw error
          failure = `status ${error.status}`
          retryAfter = response.headers.get('Retry-After')
        } catch (thrown) {
          if (thrown instanceof ApiError || thrown instanceof ApiUnreachable) throw thrown
          failure = rootMessage(thrown)
        }
        // 429 was refused before anything was done.
        const mayRepeat = isRepeatable(request) || error?.status === 429
        if (count >= attempts || !mayRepeat || signal?.aborted === true) {
          if (error !== undefined) throw error
          throw new ApiUnreachable(`No answer from ${origin}: ${failure}. Is LINKR_URL (or --url) right?`)
        }
        const wait = backoffMs(count, retryAfter, random(), Date.now())
        onRetry(failure, wait)
        await sleep(wait, signal)
      }
    },
  }
}

function isRepeatable({ method, idempotencyKey }: ApiRequest<unknown>): boolean {
  return method === 'GET' || method === 'PUT' || idempotencyKey !== undefined
}

/** Whether the same request may well succeed later. */
function isPassing({ status, code }: ApiError): boolean {
  return status === 429 || status >= 500 || code === 'idempotency_in_progress'
}

function readAnswer<Answer>(text: string, schema: v.GenericSchema<unknown, Answer>, origin: string): Answer {
  const parsed = v.safeParse(schema, parseJson(text))
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const where = issue === undefined ? '' : ` (${v.getDotPath(issue) ?? 'body'}: ${issue.message})`
  throw new ApiUnreachable(`${origin} answers, but not as linkr's API does${visible(where)}.`)
}

function readProblem(response: Response, text: string, origin: string): ApiError {
  const { status } = response
  const location = response.headers.get('Location')
  if (status >= 300 && status < 400) {
    return new ApiError(
      status,
      '',
      `${origin} redirects to ${visible(location ?? 'nowhere')}: set LINKR_URL to it.`,
    )
  }
  const parsed = v.safeParse(problem, parseJson(text))
  if (parsed.success) {
    const { code, detail, errors } = parsed.output
    return new ApiError(status, code, visible(detail), errors)
  }
  const excerpt = shorten(visible(text).trim(), 120)
  return new ApiError(status, '', `${origin} answered with status ${status}${excerpt && `: ${excerpt}`}`)
}

/** `undefined` = no JSON, or nothing at all (204). */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
