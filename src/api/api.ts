/**
 * @module
 * The management API: its routes, and what every request to it goes through.
 */
import { Hono } from 'hono'
import { LinkrError, SourceUnavailable } from '../errors.ts'
import { describeError, log } from '../log.ts'
import type { ApiServices } from './api-services.ts'
import { authenticate } from './http/authenticate.ts'
import type { ApiEnv } from './http/caller.ts'
import { idempotent } from './http/idempotent.ts'
import { Problem, problemResponse } from './http/problem.ts'
import { receiveBody } from './http/receive-body.ts'
import { bulkRoutes } from './routes/bulk-routes.ts'
import { docsRoutes } from './routes/docs-routes.ts'
import { domainsRoutes } from './routes/domains-routes.ts'
import { importRoutes } from './routes/import-routes.ts'
import { keysRoutes } from './routes/keys-routes.ts'
import { linksRoutes } from './routes/links-routes.ts'
import { operationsRoutes } from './routes/operations-routes.ts'

export function createApi(services: ApiServices): Hono<ApiEnv> {
  const { config, runtime, owners } = services
  const api = new Hono<ApiEnv>().basePath('/api')
  const onceOnly = idempotent({ answers: services.idempotentResponses, runtime })

  api.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
    c.header('X-Content-Type-Options', 'nosniff')
  })
  api.route('/', docsRoutes())

  api.use(
    authenticate({
      adminTokens: [config.adminToken, config.previousAdminToken].flatMap((token) => token ?? []),
      keyRing: {
        find: async (key) => (await owners()).keys.ring.find(key),
        trusts: async (key) => (await owners()).keys.ring.trusts(key),
      },
      now: runtime.now,
      ...config.rateLimits,
    }),
    receiveBody,
  )
  // A client that hangs up ends its request in workerd. What it began is finished all the same: an edit that Postgres
  // has must reach Redis.
  api.use(async (_c, next) => {
    const handling = next()
    runtime.background('api.unfinished', handling)
    await handling
  })
  // Before the routes, whose schemas ask it about each destination.
  api.on(['POST', 'PUT', 'PATCH'], ['/links', '/links/*'], async (c, next) => {
    const { domains } = await owners()
    c.set('isOwnHost', await domains.ownHostsSeenFrom(new URL(c.req.url).host))
    await next()
  })
  api.on('POST', ['/links', '/links/bulk', '/links/import'], onceOnly)
  api.route('/links', bulkRoutes(services))
  api.route('/links', importRoutes(services))
  api.route('/links', linksRoutes(services))
  api.route('/keys', keysRoutes(services))
  api.route('/domains', domainsRoutes(services))
  api.route('/', operationsRoutes(services))

  api.notFound(() =>
    problemResponse({ status: 404, code: 'no_such_route', detail: 'There is no such API route.' }),
  )
  api.onError((error) => {
    if (error instanceof Problem) return problemResponse({ ...error, detail: error.message })
    if (error instanceof SourceUnavailable) log.error('api.unavailable', { error: describeError(error) })
    if (error instanceof LinkrError) {
      const { status, code } = error
      return problemResponse({ status, code, detail: 'The service cannot do this right now. Try again.' })
    }
    const errorId = crypto.randomUUID()
    log.error('unexpected_error', { errorId, error: describeError(error) })
    return problemResponse({
      status: 500,
      code: 'internal_error',
      detail: `Report error ${errorId} if this goes on.`,
    })
  })
  return api
}
