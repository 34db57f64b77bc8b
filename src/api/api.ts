/**
 * @module
 * The management API: its routes, and what every request to it goes through.
 */
import { Hono } from 'hono'
import type { ApiServices } from './api-services.ts'
import { MAX_BODY_BYTES } from './contract/operation.ts'
import { scopeNear } from './contract/operations.ts'
import { authenticate } from './http/authenticate.ts'
import { authorize } from './http/authorize.ts'
import type { ApiEnv } from './http/caller.ts'
import { createRoute } from './http/create-route.ts'
import { errorResponse } from './http/error-response.ts'
import { idempotent } from './http/idempotent.ts'
import { problemResponse } from './http/problem.ts'
import { receiveBody } from './http/receive-body.ts'
import { bulkRoutes } from './routes/bulk-routes.ts'
import { docsRoutes } from './routes/docs-routes.ts'
import { domainsRoutes } from './routes/domains-routes.ts'
import { importRoutes } from './routes/import-routes.ts'
import { keysRoutes } from './routes/keys-routes.ts'
import { linksRoutes } from './routes/links-routes.ts'
import { maintenanceRoutes } from './routes/maintenance-routes.ts'
import { statsRoutes } from './routes/stats-routes.ts'
import { visitImportRoutes } from './routes/visit-import-routes.ts'
import { visitsRoutes } from './routes/visits-routes.ts'

export function createApi(services: ApiServices): Hono<ApiEnv> {
  const { config, runtime, owners } = services
  const { writes, failures } = config.rateLimits
  const api = new Hono<ApiEnv>().basePath('/api')

  api.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
    c.header('X-Content-Type-Options', 'nosniff')
  })
  api.route('/', docsRoutes())

  const adminTokens = [config.adminToken, config.previousAdminToken].flatMap((token) => token ?? [])
  const keyRing = async () => (await owners()).keys.ring
  api.use(authenticate({ adminTokens, keyRing, failures, now: runtime.now }))
  const route = createRoute({
    api,
    runtime,
    writes,
    idempotent: idempotent({ responses: services.idempotentResponses, runtime }),
    ownHostsSeenFrom: async (host) => (await owners()).domains.ownHostsSeenFrom(host),
    isDomain: (domain) => domain === '*' || config.domains.has(domain),
  })
  bulkRoutes(route, services)
  importRoutes(route, services)
  linksRoutes(route, services)
  statsRoutes(route, services)
  visitsRoutes(route, services)
  visitImportRoutes(route, services)
  keysRoutes(route, services)
  domainsRoutes(route, services)
  maintenanceRoutes(route, services)

  // Only callers that could use a route learn that it does not exist.
  api.use(
    (c, next) => authorize(scopeNear(c.req.method, c.req.path.slice('/api'.length)), writes)(c, next),
    receiveBody(MAX_BODY_BYTES),
  )
  api.notFound(() =>
    problemResponse({ status: 404, code: 'no_such_route', detail: 'There is no such API route.' }),
  )
  api.onError(errorResponse)
  return api
}
