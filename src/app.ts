/**
 * @module
 * Every route in one place. The redirect comes last and no middleware stands before it; one that memory can answer does
 * not even take the way through the router.
 */
import { Hono } from 'hono'
import type { createApi } from './api/api.ts'
import { LinkrError, SourceUnavailable } from './errors.ts'
import { describeError, log } from './log.ts'
import { plainAnswer } from './redirect/plain-answer.ts'
import { robots } from './redirect/robots.ts'
import { redirect, redirectFromMemory } from './redirect/route.ts'
import type { Services } from './services.ts'

export interface App {
  fetch(request: Request): Response | Promise<Response>
}

/** @param services throws `ConfigError` when the Worker is not configured. */
export function createApp(services: () => Services): App {
  const app = new Hono()

  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/robots.txt', (c) => robots(c.req.raw, services()))
  // Imported on first use: an isolate that only redirects never evaluates the API and its schemas.
  let api: ReturnType<typeof createApi> | undefined
  app.all('/api/*', async (c) => {
    const { createApi } = await import('./api/api.ts')
    api ??= createApi(services())
    return api.fetch(c.req.raw)
  })
  // Nothing is in memory before the first link was found.
  let redirecting: Services | undefined
  app.all('*', (c) => {
    redirecting = services()
    return redirect(c.req.raw, redirecting)
  })

  app.onError((error) => {
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
  })
  return {
    fetch(request) {
      const known = redirecting === undefined ? undefined : redirectFromMemory(request, redirecting)
      return known ?? app.fetch(request)
    },
  }
}
