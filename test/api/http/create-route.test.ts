import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import type { Operation } from '../../../src/api/contract/operation.ts'
import { OPERATIONS } from '../../../src/api/contract/operations.ts'
import { ADMIN, type Caller } from '../../../src/api/http/caller.ts'
import { createRoute, type Route } from '../../../src/api/http/create-route.ts'
import type { RateLimiter } from '../../../src/rate-limiter.ts'
import { outcome, tinyApi } from '../tiny-api.ts'

const all = Object.values(OPERATIONS).flatMap((tagged) => Object.values(tagged))

/** @param register adds routes to an API; `trace` has the middleware that ran, `finished` what goes on without its client. */
function apiWith(
  register: (route: Route) => void,
  caller: Caller = ADMIN,
  writes: RateLimiter | null = null,
) {
  const trace: string[] = []
  const finished: string[] = []
  const api = tinyApi({ caller })
  register(
    createRoute({
      api,
      runtime: { now: () => 0, background: (event) => void finished.push(event) },
      writes,
      idempotent: async (_c, next) => {
        trace.push('idempotent')
        await next()
      },
      ownHostsSeenFrom: async () => {
        trace.push('own hosts')
        return () => false
      },
      isDomain: () => true,
    }),
  )
  return { trace, finished, request: (path: string, init?: RequestInit) => api.request(path, init) }
}

const withScope = (...scopes: Caller['scopes']): Caller => ({ ...ADMIN, id: '7', scopes })
const operation = {
  method: 'post',
  path: '/things/:id',
  scope: 'links:write',
  summary: '',
  responses: {},
} as const
const post = (body: string): RequestInit => ({ method: 'POST', body })

describe('every operation', () => {
  test.each(all.map((one): [string, Operation] => [`${one.method} ${one.path}`, one]))(
    '%s: is done for callers with its scope or admin, and for no others',
    async (_, one) => {
      const call = async (...scopes: Caller['scopes']) => {
        const { request } = apiWith((route) => route(one, (c) => c.text('done')), withScope(...scopes))
        return outcome(request(one.path.replace(/:\w+/, '1'), { method: one.method.toUpperCase() }))
      }
      expect(await call(one.scope)).toEqual([200])
      expect(await call('admin')).toEqual([200])
      const others = (['links:read', 'links:write'] as const).filter((scope) => scope !== one.scope)
      expect(await call(...others)).toEqual([403, 'scope_missing'])
      expect(await call()).toEqual([403, 'scope_missing'])
    },
  )

  test.each(all.map((one): [string, Operation] => [`${one.method} ${one.path}`, one]))(
    '%s: passes exactly the middleware that its row asks for',
    async (_, one) => {
      const { request, trace, finished } = apiWith((route) => route(one, (c) => c.text('done')))
      await request(one.path.replace(/:\w+/, '1'), { method: one.method.toUpperCase() })
      expect(trace).toEqual([
        ...(one.checksDestinations ? ['own hosts'] : []),
        ...(one.isIdempotent ? ['idempotent'] : []),
      ])
      expect(finished).toEqual(['api.unfinished'])
    },
  )
})

describe('a route', () => {
  const body = () => v.strictObject({ name: v.optional(v.number(), 1) })

  test('gives its handler the body as its schema reads it', async () => {
    const { request } = apiWith((route) =>
      route({ ...operation, body }, (c, input) => c.json({ id: c.req.param('id'), ...input.body() })),
    )
    expect(await (await request('/things/7', post('{"name":2}'))).json()).toEqual({ id: '7', name: 2 })
    expect(await (await request('/things/7', post('{}'))).json()).toEqual({ id: '7', name: 1 })
    expect(await outcome(request('/things/7', post('{"name":"x"}')))).toEqual([422, 'invalid_request'])
    for (const none of ['', '[]', '7', '{']) {
      expect(await outcome(request('/things/7', post(none)))).toEqual([400, 'invalid_json'])
    }
  })

  test('takes an empty body for {} only where the body is optional', async () => {
    const optional = { ...operation, body, isBodyOptional: true }
    const { request } = apiWith((route) => route(optional, (c, input) => c.json(input.body())))
    expect(await (await request('/things/7', { method: 'POST' })).json()).toEqual({ name: 1 })
  })

  test('lets a mistake that its handler finds first be told first', async () => {
    const { request } = apiWith((route) => route({ ...operation, body }, (c) => c.notFound()))
    expect((await request('/things/7', post('no JSON'))).status).toBe(404)
  })

  test('gives its handler the query, typed, and refuses what its schema does not name', async () => {
    const query = () => v.strictObject({ limit: v.optional(v.number(), 50) })
    const list = { ...operation, method: 'get', path: '/things', query } as const
    const { request } = apiWith((route) => route(list, (c, input) => c.json(input.query())))
    expect(await (await request('/things')).json()).toEqual({ limit: 50 })
    expect(await (await request('/things?limit=7')).json()).toEqual({ limit: 7 })
    for (const wrong of ['limit=x', 'limit=1&limit=2', 'colour=red', '__proto__=1']) {
      expect(await outcome(request(`/things?${wrong}`))).toEqual([422, 'invalid_request'])
    }
  })

  test('reads If-Match only where its operation is conditional', async () => {
    const versionsOf = async (isConditional: boolean) => {
      const { request } = apiWith((route) =>
        route({ ...operation, isConditional }, (c, input) => c.json(input.versions())),
      )
      return (await request('/things/7', { ...post(''), headers: { 'If-Match': '"7"' } })).json()
    }
    expect([await versionsOf(true), await versionsOf(false)]).toEqual([[7], null])
  })

  test('tells what its schemas depend on: the caller, the domains, the time', async () => {
    const seen: unknown[] = []
    const asks: Operation = {
      ...operation,
      body: ({ isAdmin, callerExpiresAt, isDomain, now }) => {
        seen.push([isAdmin, callerExpiresAt, isDomain('*'), now()])
        return v.looseObject({})
      },
    }
    const expiresAt = new Date(5)
    for (const caller of [ADMIN, { ...withScope('links:write'), expiresAt }]) {
      const { request } = apiWith((route) => route(asks, (c, input) => c.json(input.body() !== null)), caller)
      await request('/things/7', post('{}'))
    }
    expect(seen).toEqual([
      [true, null, true, 0],
      [false, expiresAt, true, 0],
    ])
  })

  test('takes no larger body than its operation allows', async () => {
    const { request } = apiWith((route) => route({ ...operation, maxBodyBytes: 10 }, (c) => c.text('done')))
    expect(await outcome(request('/things/7', post('1234567890')))).toEqual([200])
    expect(await outcome(request('/things/7', post('12345678901')))).toEqual([413, 'body_too_large'])
  })

  test('counts what changes something against its caller, once the scope is right', async () => {
    const counted: string[] = []
    const writes: RateLimiter = { limit: async ({ key }) => ({ success: counted.push(key) < 2 }) }
    const register = (route: Route): void => {
      route(operation, (c) => c.text('done'))
      route({ ...operation, method: 'get', scope: 'links:read' }, (c) => c.text('done'))
    }
    const reader = apiWith(register, withScope('links:read'), writes)
    expect(await outcome(reader.request('/things/7', post('')))).toEqual([403, 'scope_missing'])
    expect(await outcome(reader.request('/things/7'))).toEqual([200])
    expect(await outcome(reader.request('/things/7', { method: 'HEAD' }))).toEqual([200])
    expect(counted).toEqual([])
    const writer = apiWith(register, withScope('links:write'), writes)
    expect(await outcome(writer.request('/things/7', post('')))).toEqual([200])
    const refused = await writer.request('/things/7', post(''))
    expect(refused.headers.get('Retry-After')).toBe('60')
    expect(await outcome(refused)).toEqual([429, 'rate_limited'])
    expect(counted).toEqual(['7', '7'])
  })
})
