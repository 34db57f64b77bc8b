import { Hono } from 'hono'
import type { ApiEnv } from '../http/caller.ts'

/** The API's description and its reference: public, and loaded on first use. */
export function docsRoutes(): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.get('/openapi.json', async (c) => {
    const { describeApi } = await import('../contract/openapi.ts')
    return c.json(describeApi(`${new URL(c.req.url).origin}/api`))
  })

  app.get('/docs', async (c) => {
    const { docsPage, docsPolicy } = await import('./docs-page.ts')
    const nonce = crypto.randomUUID()
    return c.html(docsPage(nonce), 200, {
      'Content-Security-Policy': docsPolicy(nonce),
      'Referrer-Policy': 'no-referrer',
    })
  })

  return app
}
