import { afterEach, describe, expect, test, vi } from 'vitest'
import { Problem } from '../../../src/api/http/problem.ts'
import { SourceUnavailable } from '../../../src/errors.ts'
import { tinyApi } from '../tiny-api.ts'

afterEach(() => vi.restoreAllMocks())

async function respondTo(error: Error) {
  const logged: string[] = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => void logged.push(line))
  const api = tinyApi().get('/', () => {
    throw error
  })
  const response = await api.request('/')
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  return { response, body: await response.json(), logged: logged.join('\n') }
}

describe('an error', () => {
  test('that tells the client what to do does so, and is not logged', async () => {
    const errors = [{ path: 'url', message: 'is required' }]
    const { response, body, logged } = await respondTo(
      new Problem(422, 'invalid_request', 'See "errors".', errors),
    )
    expect(response.status).toBe(422)
    expect(body).toEqual({
      ...{ type: 'about:blank', title: 'Unprocessable Content', status: 422, code: 'invalid_request' },
      ...{ detail: 'See "errors".', errors },
    })
    expect(logged).toBe('')
  })

  test.each([
    [401, 'WWW-Authenticate', 'Bearer realm="linkr"'],
    [429, 'Retry-After', '60'],
    [503, 'Retry-After', '5'],
  ] as const)('of status %i has the header %s: %s', async (status, header, value) => {
    const { response } = await respondTo(new Problem(status, 'code', 'detail'))
    expect([response.status, response.headers.get(header)]).toEqual([status, value])
  })

  test('of a store is a 503 without its cause, which is logged', async () => {
    const { response, body, logged } = await respondTo(
      new SourceUnavailable('postgres', new Error('secret host')),
    )
    expect(response.status).toBe(503)
    expect(body).toMatchObject({ code: 'store_unavailable' })
    expect(JSON.stringify(body)).not.toContain('secret')
    expect(logged).toContain('secret host')
  })

  test('that is unknown is a 500 that says no more than the id under which it is logged', async () => {
    const { response, body, logged } = await respondTo(new Error('SELECT secret'))
    expect(response.status).toBe(500)
    const { errorId } = JSON.parse(logged) as { readonly errorId: string }
    expect(body).toMatchObject({ code: 'internal_error', detail: `Report error ${errorId} if this goes on.` })
    expect(JSON.stringify(body)).not.toContain('secret')
    expect(logged).toContain('SELECT secret')
  })
})
