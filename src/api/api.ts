/**
 * @module
 * The management API: its routes, and what every request to it goes through.
 */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { LinkrError, SourceUnavailable } from '../errors.ts'
import { describeError, log } from '../log.ts'
import type { Services } from '../services.ts'
import { authenticate } from './authenticate.ts'
import { linksRoutes } from './links-routes.ts'
import { operationsRoutes } from './operations-routes.ts'
import { Problem, problemResponse } from './problem.ts'

const MAX_BODY_BYTES = 64 * 1024

export function createApi(services: Services): Hono {
  const api = new Hono().basePath('/api')

  api.use(authenticate(services.config.adminToken))
  api.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new Problem(413, 'body_too_large', `Send at most ${MAX_BODY_BYTES} bytes.`)
      },
    }),
  )
  // A client that hangs up ends its request in workerd. What it began is finished all the same: an edit that Postgres
  // has must reach Redis.
  api.use(async (_c, next) => {
    const handling = next()
    services.runtime.background('api.unfinished', handling)
    await handling
  })
  api.route('/links', linksRoutes(services))
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
