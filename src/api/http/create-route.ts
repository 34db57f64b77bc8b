import type { Hono, MiddlewareHandler } from 'hono'
import type * as v from 'valibot'
import type { OwnHosts } from '../../owners/own-hosts.ts'
import type { RateLimiter } from '../../rate-limiter.ts'
import type { Runtime } from '../../runtime.ts'
import { MAX_BODY_BYTES, type Operation, type QuerySchema } from '../contract/operation.ts'
import type { ValidationContext } from '../contract/validation-context.ts'
import { authorize } from './authorize.ts'
import { type ApiContext, type ApiEnv, hasScope } from './caller.ts'
import { acceptedVersions } from './etag.ts'
import { readBody } from './read-body.ts'
import { readQuery } from './read-query.ts'
import { receiveBody } from './receive-body.ts'

/** What a request holds, validated when a handler asks for it: so it decides which of two mistakes is told first. */
export interface Input<
  Query extends v.GenericSchema,
  Body extends v.GenericSchema,
  Item extends v.GenericSchema,
> {
  /** @throws {Problem} 422 with every wrong parameter. */
  query(): v.InferOutput<Query>
  /** @throws {Problem} 400 for what is no JSON object, 422 with every wrong field. */
  body(): v.InferOutput<Body>
  /** What each of many items must be. */
  item(): Item
  /** The versions that If-Match accepts; `null` = any. */
  versions(): readonly number[] | null
}

/** Routes an operation to its handler, behind everything that its row in the table asks for. */
export type Route = <Query extends QuerySchema, Body extends v.GenericSchema, Item extends v.GenericSchema>(
  operation: Operation<Query, Body, Item>,
  handler: (c: ApiContext, input: Input<Query, Body, Item>) => Response | Promise<Response>,
) => void

export interface RouteOptions {
  readonly api: Hono<ApiEnv>
  readonly runtime: Pick<Runtime, 'background' | 'now'>
  readonly writes: RateLimiter | null
  readonly idempotent: MiddlewareHandler<ApiEnv>
  readonly ownHostsSeenFrom: OwnHosts['seenFrom']
  readonly isDomain: ValidationContext['isDomain']
}

export function createRoute(options: RouteOptions): Route {
  const { api, runtime, writes, idempotent, ownHostsSeenFrom, isDomain } = options

  // A client that hangs up ends its request in workerd. What it began is finished all the same: an edit that Postgres
  // has must reach Redis.
  const finish: MiddlewareHandler<ApiEnv> = async (_c, next) => {
    const handling = next()
    runtime.background('api.unfinished', handling)
    await handling
  }

  const lookUpOwnHosts: MiddlewareHandler<ApiEnv> = async (c, next) => {
    c.set('isOwnHost', await ownHostsSeenFrom(new URL(c.req.url).host))
    await next()
  }

  const contextOf = ({ var: { caller, isOwnHost } }: ApiContext): ValidationContext => ({
    isOwnHost,
    isDomain,
    isAdmin: hasScope(caller, 'admin'),
    callerExpiresAt: caller.expiresAt,
    now: runtime.now,
  })

  return (operation, handler) => {
    const { method, path, scope, query, body, item, isBodyOptional = false } = operation
    const made = <Schema>(
      make: ((context: ValidationContext) => Schema) | undefined,
      c: ApiContext,
    ): Schema => {
      if (make === undefined) throw new Error(`${method} ${path} describes no such input`)
      return make(contextOf(c))
    }
    api.on(
      method,
      [path],
      authorize(scope, writes),
      receiveBody(operation.maxBodyBytes ?? MAX_BODY_BYTES),
      finish,
      ...(operation.checksDestinations ? [lookUpOwnHosts] : []),
      ...(operation.isIdempotent ? [idempotent] : []),
      (c: ApiContext) =>
        handler(c, {
          query: () => readQuery(c, made(query, c)),
          body: () => readBody(c, made(body, c), isBodyOptional),
          item: () => made(item, c),
          versions: () => acceptedVersions(operation.isConditional ? c.req.header('If-Match') : undefined),
        }),
    )
  }
}
