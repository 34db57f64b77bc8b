/**
 * @module
 * Every route in one place. The redirect comes last and no middleware stands before it.
 */
import { Hono } from 'hono'
import type { createApi } from './api/api.ts'
import { LinkrError, SourceUnavailable } from './errors.ts'
import { describeError, log } from './log.ts'
import { plainAnswer } from './redirect/plain-answer.ts'
import { robots } from './redirect/robots.ts'
import { redirect } from './redirect/route.ts'
import type { Services } from './services.ts'

/** @param services throws `ConfigError` when the Worker is not configured. */
export function createApp(services: () => Services): Hono {
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
  app.all('*', (c) => redirect(c.req.raw, services()))

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
  return app
}
