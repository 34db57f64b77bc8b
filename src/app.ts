/**
 * @module
 * Every route in one place. Hono serves the API and is imported with it: a redirect needs no router, and one that memory
 * can answer not even a promise.
 */
import type { createApi } from './api/api.ts'
import { LinkrError, SourceUnavailable } from './errors.ts'
import { normalizeHost } from './links/host.ts'
import { describeError, log } from './log.ts'
import { plainAnswer } from './redirect/plain-answer.ts'
import { notFound, redirect, redirectFromMemory } from './redirect/redirect.ts'
import { robots } from './redirect/robots.ts'
import { securityTxt } from './redirect/security-txt.ts'
import type { Services } from './services.ts'

export interface App {
  fetch(request: Request): Response | Promise<Response>
}

/** @param services throws `ConfigError` when the Worker is not configured. */
export function createApp(services: () => Services): App {
  let api: ReturnType<typeof createApi> | undefined
  // Nothing is in memory before the first link was found.
  let redirecting: Services | undefined

  async function route(request: Request): Promise<Response> {
    const own = OWN_ROUTE.exec(request.url)?.[1]
    if (own === 'api') {
      const { apiHost } = services().config
      // There it looks like any other page that does not exist.
      if (apiHost !== null && normalizeHost(new URL(request.url).host) !== apiHost) return notFound()
      const { createApi } = await import('./api/api.ts')
      api ??= createApi(services())
      return api.fetch(request)
    }
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (reads && own === 'health') return health()
    if (reads && own === 'robots.txt') return robots(request, services())
    if (reads && own === '.well-known/security.txt') {
      const { config, runtime } = services()
      return config.securityContact === null ? notFound() : securityTxt(config.securityContact, runtime.now())
    }
    redirecting = services()
    return redirect(request, redirecting)
  }

  return {
    fetch(request) {
      const known = redirecting === undefined ? undefined : redirectFromMemory(request, redirecting)
      return known ?? route(request).catch(onError)
    },
  }
}

/** What is not a link. By hand, as in `locate`: most of what comes here is one. */
const OWN_ROUTE =
  /^[^/]*\/\/[^/]*\/(api(?=[/?#]|$)|(?:health|robots\.txt|\.well-known\/security\.txt)(?=[?#]|$))/

const health = (): Response =>
  Response.json({ status: 'ok' }, { headers: { 'X-Content-Type-Options': 'nosniff' } })

function onError(error: unknown): Response {
  if (error instanceof SourceUnavailable) {
    log.error('redirect.unavailable', { error: describeError(error) })
    return plainAnswer(503, 'This short link cannot be resolved right now. Please try again.', {
      'Retry-After': '5',
    })
  }
  if (error instanceof LinkrError) return plainAnswer(error.status, 'This service is not configured yet.')
  const errorId = crypto.randomUUID()
  log.error('unexpected_error', { errorId, error: describeError(error) })
  return plainAnswer(500, `Something went wrong. If it goes on, report error ${errorId}.`)
}
