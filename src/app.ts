/**
 * @module
 * Every route in one place; the redirect is the last. In front of it, `worker.ts` redirects what memory knows.
 */
import { Hono } from 'hono'
import type { createApi } from './api/api.ts'
import { LinkrError, SourceUnavailable } from './errors.ts'
import { describeError, log } from './log.ts'
import { hostOf, type LocatedRequest, locateRequest, pathOf } from './redirect/locate.ts'
import { redirect } from './redirect/redirect.ts'
import { respond } from './redirect/respond.ts'
import { robots } from './redirect/robots.ts'
import { securityTxt } from './redirect/security-txt.ts'
import { textResponse } from './redirect/text-response.ts'
import type { Services } from './services.ts'

/** Not the Worker's bindings, which `services().config` holds parsed: what `worker.ts` has located already. */
type AppEnv = { readonly Bindings: { readonly located?: LocatedRequest } }

/** @param services throws `ConfigError` when the Worker is not configured. */
export function createApp(services: () => Services): Hono<AppEnv> {
  const app = new Hono<AppEnv>({ getPath: ({ url }) => pathOf(url) })

  let api: ReturnType<typeof createApi> | undefined
  app.all('/api/*', async (c) => {
    const { apiHost } = services().config
    // Elsewhere it looks like any other page that does not exist.
    if (apiHost !== null && hostOf(c.req.url) !== apiHost) return c.notFound()
    // Imported on first use: an isolate that only redirects never evaluates it.
    const { createApi } = await import('./api/api.ts')
    api ??= createApi(services())
    return api.fetch(c.req.raw)
  })

  app.get('/health', (c) => c.json({ status: 'ok' }, 200, { 'X-Content-Type-Options': 'nosniff' }))
  app.get('/robots.txt', (c) => robots(c.req.url, services()))
  app.get('/.well-known/security.txt', (c) => {
    const { config, runtime } = services()
    return config.securityContact === null ? c.notFound() : securityTxt(config.securityContact, runtime.now())
  })

  app.all('*', (c) => {
    const { raw } = c.req
    const located = c.env?.located ?? locateRequest(raw, services().config.domains)
    return redirect(located, raw, services())
  })

  app.notFound(() => respond({ kind: 'no-link' }))
  app.onError((error) => {
    if (error instanceof SourceUnavailable) {
      log.error('redirect.unavailable', { error: describeError(error) })
      return textResponse(503, 'This short link cannot be resolved right now. Please try again.', {
        'Retry-After': '5',
      })
    }
    if (error instanceof LinkrError) return textResponse(error.status, 'This service is not configured yet.')
    const errorId = crypto.randomUUID()
    log.error('unexpected_error', { errorId, error: describeError(error) })
    return textResponse(500, `Something went wrong. If it goes on, report error ${errorId}.`)
  })
  return app
}
