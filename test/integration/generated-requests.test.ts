import fc from 'fast-check'
import { afterAll, describe, expect } from 'vitest'
import { createContract } from '../support/api-contract.ts'
import { ADMIN_TOKEN } from '../support/edge.ts'
import { ENDPOINTS, type GeneratedRequest } from '../support/generated/requests.ts'
import { send } from '../support/generated/send.ts'
import { test as base } from '../support/linkr.ts'

/** Of all routes together. */
const REQUESTS = Number(process.env.REQUESTS ?? 5_000)
/** Of a run that is to be repeated; fast-check names it when a request fails. */
const SEED = process.env.REQUESTS_SEED === undefined ? {} : { seed: Number(process.env.REQUESTS_SEED) }
const RUNS = Math.ceil(REQUESTS / ENDPOINTS.length)
/** So slow is only what hangs, or works on something that should have been refused. */
const TOO_SLOW_MS = 5_000
const TOO_LARGE_BYTES = 1_000_000

const slowest = { ms: 0, request: '' }

interface Known {
  readonly link: string
  readonly key: string
  readonly cursor: string
  readonly tokens: readonly string[]
}

const test = base
  .override('settings', {
    DOMAINS: 'go.example.com',
    SECURITY_CONTACT: 'mailto:security@example.com',
  })
  .extend('description', { scope: 'file' }, async ({ edge }) => {
    return (await (await edge.get('/api/openapi.json')).json()) as { paths: Record<string, object> }
  })
  /** As `get /links/{id}`. */
  .extend('described', ({ description }) =>
    Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    ),
  )
  .extend('contract', { scope: 'file' }, ({ description }) => createContract(description))
  .extend('known', { scope: 'file' }, async ({ edge }): Promise<Known> => {
    const made = []
    for (let i = 0; i < 5; i++)
      made.push(await edge.create({ url: 'https://example.com/', code: `seed-${i}` }))
    const makeKey = async (fields: object) => {
      const response = await edge.api('POST', '/keys', { name: 'a', ...fields })
      return (await response.json()) as { id: string; key: string }
    }
    // Requests delete the key with the id 1.
    await makeKey({ scopes: ['links:read'] })
    const { id: key } = await makeKey({ scopes: ['links:read'] })
    const writer = await makeKey({ scopes: ['links:write'], domains: ['go.example.com'] })
    const page = (await (await edge.api('GET', '/links?limit=1')).json()) as { nextCursor: string }
    const tokens = [writer.key, `lk_${'a'.repeat(48)}`, `lk_${'b'.repeat(40)}`, 'x']
    return { link: made[4]?.id ?? '', key, cursor: page.nextCursor, tokens }
  })
  .extend('check', ({ edge, described, contract, known }) => {
    return async (request: GeneratedRequest, token: string): Promise<void> => {
      const { method } = request
      const path = complete(request.path, known)
      const headers = { Authorization: `Bearer ${token}`, ...request.headers }
      const startedAt = performance.now()
      const response = await send(edge.url, { ...request, path, headers })
      const ms = performance.now() - startedAt
      if (ms > slowest.ms) Object.assign(slowest, { ms, request: `${method} ${path.slice(0, 80)}` })
      expect(ms).toBeLessThan(TOO_SLOW_MS)
      if (response === null) return
      expect(response.status).toBeLessThan(500)
      const answer = await response.clone().text()
      expect(answer.length).toBeLessThan(TOO_LARGE_BYTES)
      if (request.transport === 'broken' || method === 'HEAD' || !path.startsWith('/api/')) return
      if (response.status >= 400) {
        expect(response.headers.get('content-type')).toBe('application/problem+json')
        const { status, code, detail, errors = [] } = JSON.parse(answer)
        expect([status, typeof code, typeof detail]).toEqual([response.status, 'string', 'string'])
        expect(errors.length).toBeLessThanOrEqual(20)
      }
      const target = path.slice('/api'.length)
      const isFromRoute = response.status !== 404 && response.status !== 405
      const isDescribed = isFromRoute && described.some((operation) => isCallOf(operation, method, target))
      if (isDescribed) expect(await contract(method, target, response)).toBeNull()
    }
  })

/** Fills in what the test has made. */
function complete(path: string, known: Known): string {
  const [payload = '', signature = ''] = known.cursor.split('.')
  const rewrite = (place: number, instead: string): string => {
    const parts = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as unknown[]
    parts[place] = decodeURIComponent(instead)
    const json = String.fromCharCode(...new TextEncoder().encode(JSON.stringify(parts)))
    return `${encodeURIComponent(btoa(json))}.${signature}`
  }
  return path
    .replaceAll('{link}', known.link)
    .replace('{key}', known.key)
    .replace('{cursor}', known.cursor)
    .replace(/\{rewritten:(\d):(.*?)\}/, (_, place: string, instead: string) =>
      rewrite(Number(place), instead),
    )
    .replace(/\{cut:(\d+)\}/, (_, length: string) => known.cursor.slice(0, Number(length)))
}

/** @param operation as `get /links/{id}`. */
function isCallOf(operation: string, method: string, target: string): boolean {
  const pattern = operation.replace(/[*.]/g, '\\$&').replace(/\{\w+\}/, '[^/]+')
  return new RegExp(`^${pattern}$`).test(`${method.toLowerCase()} ${target.replace(/[?#].*/s, '')}`)
}

describe('whatever is sent', () => {
  test.for(ENDPOINTS)(
    'to %s is answered in time, shortly, as described, and never with a 5xx',
    // As many as the environment asks for.
    { timeout: 60_000 + 100 * RUNS },
    async ([_, requests], { known, check }) => {
      const token = fc.oneof(
        { weight: 7, arbitrary: fc.constant(ADMIN_TOKEN) },
        fc.nat(3).map((i) => known.tokens[i] ?? ''),
      )
      await fc.assert(fc.asyncProperty(requests, token, check), { numRuns: RUNS, ...SEED })
    },
  )

  test('goes to every route that there is', ({ described }) => {
    const drawn = ENDPOINTS.map(([name]) => name)
    expect(described.filter((operation) => !drawn.includes(operation))).toEqual([])
  })

  afterAll(() => {
    console.log(
      `${RUNS * ENDPOINTS.length} requests, the slowest took ${Math.round(slowest.ms)} ms: ${slowest.request}`,
    )
  })
})
