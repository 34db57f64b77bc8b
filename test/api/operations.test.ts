import { describe, expect, test } from 'vitest'
import { createApi } from '../../src/api/api.ts'
import { OPERATIONS, scopeNear } from '../../src/api/contract/operations.ts'
import { parseConfig } from '../../src/config.ts'
import { createRuntime } from '../../src/runtime.ts'
import { createServices } from '../../src/services.ts'

const operations = Object.values(OPERATIONS).flatMap((tagged) => Object.values(tagged))
const config = parseConfig({
  UPSTASH_REDIS_REST_URL: 'https://redis.invalid',
  UPSTASH_REDIS_REST_TOKEN: 'token',
  DATABASE_URL: 'postgresql://owner:secret@postgres.invalid/linkr',
})
const api = createApi(
  createServices(
    config,
    createRuntime(() => {}),
  ),
)

describe('the table of operations', () => {
  test('is the set of the routes, beside the two that describe it', () => {
    const routes = api.routes.filter(({ method }) => method !== 'ALL')
    const described = operations.map(({ method, path }) => `${method.toUpperCase()} /api${path}`)
    expect(new Set(routes.map(({ method, path }) => `${method} ${path}`))).toEqual(
      new Set(['GET /api/openapi.json', 'GET /api/docs', ...described]),
    )
    expect(new Set(described).size).toBe(described.length)
  })

  test('has no route that another one hides', () => {
    for (const [index, { method, path }] of operations.entries()) {
      const pattern = new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`)
      const hidden = operations
        .slice(index + 1)
        .filter((other) => other.method === method && pattern.test(other.path))
      expect(hidden).toEqual([])
    }
  })

  test('says of whatever writes links that it checks where they lead', () => {
    const writes = operations.filter(
      ({ scope, body, method, path }) =>
        scope === 'links:write' && body && method !== 'delete' && path.startsWith('/links'),
    )
    expect(writes.length).toBeGreaterThan(4)
    expect(writes.filter(({ checksDestinations }) => !checksDestinations)).toEqual([])
  })

  test.each([
    ['GET', '/links/1/2', 'links:read'],
    ['HEAD', '/links/1/2', 'links:read'],
    ['PUT', '/links/1', 'links:write'],
    ['GET', '/domains/a/b', 'links:read'],
    ['POST', '/domains', 'admin'],
    ['GET', '/keys/1', 'admin'],
    ['GET', '/linksandmore', 'admin'],
    ['GET', '', 'admin'],
  ])('gives a %s of %s, which is none of them, the scope %s', (method, path, scope) => {
    expect(scopeNear(method, path)).toBe(scope)
  })
})
