import type { MiddlewareHandler } from 'hono'
import { describeError, log } from '../../log.ts'
import type { Runtime } from '../../runtime.ts'
import { sha256 } from '../../sha256.ts'
import type { ApiEnv } from './caller.ts'
import type { Claim, ClaimRequest, IdempotentResponses } from './idempotent-responses.ts'
import { Problem } from './problem.ts'

export interface IdempotentOptions {
  readonly responses: () => Promise<IdempotentResponses>
  readonly runtime: Pick<Runtime, 'background' | 'now'>
}

/** The headers of the first response that its repetitions have too. */
const KEPT_HEADERS = ['Content-Type', 'Location', 'ETag']
/** How often an isolate that gets such requests deletes old responses; reconciling does it too. */
const PRUNE_EVERY_MS = 60 * 60 * 1000

/** Handles a request with an Idempotency-Key once; its repetitions get the same response. */
export function idempotent({ responses, runtime }: IdempotentOptions): MiddlewareHandler<ApiEnv> {
  let prunedAt = Number.NEGATIVE_INFINITY

  /** A claim whose outcome is unknown may have been made, and would only make the repetition wait. */
  async function claimOrGiveBack(store: IdempotentResponses, request: ClaimRequest): Promise<Claim> {
    try {
      return await store.claim(request)
    } catch (error) {
      runtime.background('idempotency.release_failed', store.release(request))
      throw error
    }
  }

  return async (c, next) => {
    const key = c.req.header('Idempotency-Key')
    if (key === undefined) return next()
    if (!/^[\x20-\x7e]{1,255}$/.test(key)) {
      const detail = 'The header "Idempotency-Key" must have 1 to 255 printable ASCII characters.'
      throw new Problem(422, 'invalid_idempotency_key', detail)
    }
    const requestHash = await sha256(`${c.req.method} ${c.req.path}\n${c.var.body}`)
    const request: ClaimRequest = { caller: c.var.caller.id, key, requestHash, attempt: crypto.randomUUID() }
    const store = await responses()
    const claim = await claimOrGiveBack(store, request)
    if (claim.kind === 'reused') {
      const detail = 'This Idempotency-Key belongs to a request with another body. Use a new one.'
      throw new Problem(422, 'idempotency_key_reused', detail)
    }
    if (claim.kind === 'in-progress') {
      const detail = 'The request with this Idempotency-Key is still being processed. Try again soon.'
      throw new Problem(409, 'idempotency_in_progress', detail)
    }
    if (claim.kind === 'completed') {
      const { status, headers, body } = claim.response
      return new Response(body, { status, headers: { ...headers, 'Idempotency-Replayed': 'true' } })
    }
    c.set('attempt', request)
    await next()
    await keep(store, request, c.res.clone())
    if (runtime.now() - prunedAt < PRUNE_EVERY_MS) return
    prunedAt = runtime.now()
    runtime.background('idempotency.prune_failed', store.prune())
  }
}

/** A response that says "not now" is not kept: the repetition is to try again. */
async function keep(store: IdempotentResponses, request: ClaimRequest, response: Response): Promise<void> {
  try {
    if (response.status >= 500) return await store.release(request)
    const headers = KEPT_HEADERS.flatMap((name) => {
      const value = response.headers.get(name)
      return value === null ? [] : [[name, value]]
    })
    const { status } = response
    await store.store(request, { status, headers: Object.fromEntries(headers), body: await response.text() })
  } catch (error) {
    // The work is done and its response true; a repetition is told to wait, and then finds what was written.
    log.error('idempotency.store_failed', { error: describeError(error) })
  }
}
