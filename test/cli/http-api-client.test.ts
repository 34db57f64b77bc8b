import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Method, RequestOptions } from '../../src/cli/api/api-client.ts'
import { backoffMs } from '../../src/cli/api/backoff.ts'
import { createHttpApiClient } from '../../src/cli/api/http-api-client.ts'
import { anyObject } from '../../src/cli/api/responses.ts'

/** One for each request, in order; the last one for all further ones. */
let responses: RequestListener[] = []
let seen = 0
const server = createServer((request, response) => {
  const respond = responses[Math.min(seen++, responses.length - 1)]
  request.resume().on('end', () => respond?.(request, response))
})
let origin: string
const waits: { reason: string; waitMs: number }[] = []

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  seen = 0
  waits.length = 0
})
afterAll(() => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
})

const status =
  (code: number, headers = {}): RequestListener =>
  (_, response) =>
    response.writeHead(code, headers).end('{}')

function send(
  { method = 'GET', ...options }: RequestOptions & { readonly method?: Method },
  onRetry = () => {},
): Promise<unknown> {
  const api = createHttpApiClient({
    origin,
    token: 'lk_x',
    onRetry(reason, waitMs) {
      waits.push({ reason, waitMs })
      onRetry()
    },
  })
  return api.request(`${method} /x`, anyObject, options)
}

describe('the CLI asks again', () => {
  test('for a response that broke off half-way', async () => {
    responses = [
      (_, response) => {
        response.writeHead(200, { 'Content-Length': 100 }).write('{"half":', () => response.destroy())
      },
      status(200),
    ]
    expect(await send({})).toEqual({})
    expect([seen, waits.length]).toEqual([2, 1])
  })

  test('after the time that the server names, and says so before it waits', async () => {
    responses = [status(503, { 'Retry-After': '0' }), status(200)]
    expect(await send({ query: { tag: ['a', 'b'], q: undefined } })).toEqual({})
    expect(waits).toEqual([{ reason: 'status 503', waitMs: expect.any(Number) }])
  })

  test('until it is interrupted while it waits', async () => {
    responses = [status(503, { 'Retry-After': '60' })]
    const interruption = new AbortController()
    const { signal } = interruption
    await expect(send({ signal }, () => interruption.abort())).rejects.toThrow(signal.reason)
    expect(seen).toBe(1)
  })

  test('for an edit only if it was refused unread, or has a key', async () => {
    responses = [status(503)]
    await expect(send({ method: 'PATCH' })).rejects.toThrow('status 503')
    expect(seen).toBe(1)
    responses = [status(503), status(429, { 'Retry-After': '0' }), status(200)]
    expect(await send({ method: 'PATCH' })).toEqual({})
    seen = 0
    responses = [status(503), status(200)]
    expect(await send({ method: 'POST', idempotencyKey: 'k' })).toEqual({})
    expect(seen).toBe(2)
  })

  test('as often as the request allows', async () => {
    responses = [status(500, { 'Retry-After': '0' })]
    await expect(send({ attempts: 3 })).rejects.toThrow('status 500')
    expect(seen).toBe(3)
  })
})

test('waits double, up to half a minute; those of a server are obeyed, up to two minutes', () => {
  const waitOf = (attempt: number, retryAfter: string | null) => backoffMs(attempt, retryAfter, 1, 0)
  expect([1, 2, 3, 20].map((attempt) => waitOf(attempt, null))).toEqual([500, 1000, 2000, 30_000])
  expect(backoffMs(1, null, 0, 0)).toBe(250)
  expect(waitOf(1, '10')).toBe(10_125)
  expect(waitOf(1, new Date(20_000).toUTCString())).toBe(20_125)
  expect(waitOf(1, '86400')).toBe(120_000)
  expect(waitOf(1, 'soon')).toBe(500)
})
