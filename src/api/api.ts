/**
 * @module
 * The management API: its routes, and what every request to it goes through.
 */
import { Hono } from 'hono'
import { SourceUnavailable } from '../errors.ts'
import { createKeyRing } from '../owners/key-ring.ts'
import { createOwnHosts } from '../owners/own-hosts.ts'
import type { Services } from '../services.ts'
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
import { isDomain } from './routes/link-request.ts'
import { linksRoutes } from './routes/links-routes.ts'
import { maintenanceRoutes } from './routes/maintenance-routes.ts'

export function createApi(services: Services): Hono<ApiEnv> {
  const { config, runtime, management } = services
  const { writes, failures } = config.rateLimits
  const api = new Hono<ApiEnv>().basePath('/api')
  const keyRing = createKeyRing({ keys: async () => (await management()).keys, runtime })
  const ownHosts = createOwnHosts({
    config,
    hostsWithSettings: async () => (await (await management()).domains.list()).map(({ host }) => host),
    now: runtime.now,
  })

  api.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
    c.header('X-Content-Type-Options', 'nosniff')
  })
  api.route('/', docsRoutes())

  const adminTokens = [config.adminToken, config.previousAdminToken].flatMap((token) => token ?? [])
  api.use(authenticate({ adminTokens, keyRing, failures, now: runtime.now }))
  const route = createRoute({
    api,
    runtime,
    writes,
    idempotent: idempotent({ responses: async () => (await management()).responses, runtime }),
    ownHosts,
    isDomain: isDomain(config),
  })
  bulkRoutes(route, services)
  importRoutes(route, services)
  linksRoutes(route, services)
  keysRoutes(route, services, keyRing)
  domainsRoutes(route, services, ownHosts)
  maintenanceRoutes(route, services)

  // Only callers that could use a route learn that it does not exist.
  api.use(
    (c, next) => authorize(scopeNear(c.req.method, c.req.path.slice('/api'.length)), writes)(c, next),
    receiveBody(MAX_BODY_BYTES),
  )
  api.notFound(() =>
    problemResponse({ status: 404, code: 'no_such_route', detail: 'There is no such API route.' }),
  )
  api.onError((error, c) => {
    // An edit whose outcome is unknown may have happened, and wait in the outbox.
    const isUnknown = error instanceof SourceUnavailable && error.wasSent
    if (isUnknown && c.req.method !== 'GET') services.publisher.suspect()
    return errorResponse(error)
  })
  return api
}
