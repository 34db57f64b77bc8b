import { afterEach, describe, expect, test, vi } from 'vitest'
import { ADMIN } from '../../../src/api/http/caller.ts'
import { idempotent } from '../../../src/api/http/idempotent.ts'
import type {
  Claim,
  ClaimRequest,
  IdempotentResponses,
  StoredResponse,
} from '../../../src/api/http/idempotent-responses.ts'
import { Problem } from '../../../src/api/http/problem.ts'
import { SourceUnavailable } from '../../../src/errors.ts'
import { outcome, tinyApi } from '../tiny-api.ts'

afterEach(() => vi.restoreAllMocks())

const lost = new SourceUnavailable('postgres', new Error('timeout'))

/** Claims as a single store would answer them, and what it was told. */
function setUp(handle: () => Response = () => Response.json({ id: '1' }, { status: 201 })) {
  const stored = new Map<string, { readonly hash: string; readonly response: StoredResponse | null }>()
  const released: string[] = []
  const failing = new Set<keyof IdempotentResponses>()
  const runs = { handled: 0, pruned: 0 }
  const nameOf = ({ caller, key }: ClaimRequest): string => `${caller} ${key}`
  const responses: IdempotentResponses = {
    async claim(request): Promise<Claim> {
      if (failing.has('claim')) throw lost
      const known = stored.get(nameOf(request))
      if (known === undefined) {
        stored.set(nameOf(request), { hash: request.requestHash, response: null })
        return { kind: 'claimed' }
      }
      if (known.hash !== request.requestHash) return { kind: 'reused' }
      return known.response === null
        ? { kind: 'in-progress' }
        : { kind: 'completed', response: known.response }
    },
    async store(request, response) {
      if (failing.has('store')) throw lost
      stored.set(nameOf(request), { hash: request.requestHash, response })
    },
    async release(request) {
      released.push(request.key)
      stored.delete(nameOf(request))
    },
    async prune() {
      runs.pruned++
    },
  }
  const middleware = idempotent({
    responses: async () => responses,
    runtime: { now: () => 0, background: (_, work) => void work },
  })
  const send = (key: string | undefined, body = '{}', caller = ADMIN) =>
    tinyApi({ body, caller })
      .post('/', middleware, () => {
        runs.handled++
        return handle()
      })
      .request('/', { method: 'POST', ...(key === undefined ? {} : { headers: { 'Idempotency-Key': key } }) })
  return { send, runs, released, failing }
}

describe('a request with an Idempotency-Key', () => {
  test('is handled once; its repetition gets the same response, and what says that it is one', async () => {
    const headers = { ETag: '"7"', Location: '/api/links/1', 'X-Other': 'x' }
    const { send, runs } = setUp(() => Response.json({ id: '1' }, { status: 201, headers }))
    const first = await send('a')
    const again = await send('a')
    expect(runs.handled).toBe(1)
    expect([again.status, await again.text()]).toEqual([201, await first.text()])
    const kept = ['Content-Type', 'ETag', 'Location', 'X-Other', 'Idempotency-Replayed']
    expect(kept.map((name) => again.headers.get(name))).toEqual([
      ...['application/json', '"7"', '/api/links/1', null, 'true'],
    ])
    expect(first.headers.get('Idempotency-Replayed')).toBeNull()
  })

  test('that was refused is refused again with the same problem', async () => {
    const { send, runs } = setUp(() => {
      throw new Problem(409, 'code_taken', 'Choose another one.')
    })
    expect([await outcome(send('a')), await outcome(send('a'))]).toEqual([
      [409, 'code_taken'],
      [409, 'code_taken'],
    ])
    expect(runs.handled).toBe(1)
  })

  test('that could not be handled now is handled anew', async () => {
    const { send, runs, released } = setUp(() => {
      throw lost
    })
    vi.spyOn(console, 'error').mockImplementation(() => {})
    for (let i = 0; i < 2; i++) expect(await outcome(send('a'))).toEqual([503, 'store_unavailable'])
    expect([runs.handled, released]).toEqual([2, ['a', 'a']])
  })

  test('is told to wait while another attempt is at it', async () => {
    const { send, failing } = setUp()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    failing.add('store')
    // Its work is done, so its response stands, though it could not be kept.
    expect(await outcome(send('a'))).toEqual([201])
    expect(await outcome(send('a'))).toEqual([409, 'idempotency_in_progress'])
  })

  test('of another body cannot use the key, and of another caller can', async () => {
    const { send, runs } = setUp()
    await send('a')
    expect(await outcome(send('a', '{"x":1}'))).toEqual([422, 'idempotency_key_reused'])
    expect(await outcome(send('a', '{}', { ...ADMIN, id: '7' }))).toEqual([201])
    expect(runs.handled).toBe(2)
  })

  test('gives back a claim whose outcome is unknown, and handles nothing', async () => {
    const { send, runs, failing, released } = setUp()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    failing.add('claim')
    expect(await outcome(send('a'))).toEqual([503, 'store_unavailable'])
    expect([runs.handled, released]).toEqual([0, ['a']])
  })

  test.each(['', 'ü', 'x'.repeat(256)])('cannot have the key %j', async (key) => {
    const { send, runs } = setUp()
    expect(await outcome(send(key))).toEqual([422, 'invalid_idempotency_key'])
    expect(runs.handled).toBe(0)
  })

  test('has old responses deleted, at most once an hour', async () => {
    const { send, runs } = setUp()
    for (const key of ['a', 'b', 'c']) await send(key)
    expect(runs.pruned).toBe(1)
  })
})

test('a request without an Idempotency-Key is handled each time', async () => {
  const { send, runs } = setUp()
  for (let i = 0; i < 2; i++) expect(await outcome(send(undefined))).toEqual([201])
  expect(runs).toEqual({ handled: 2, pruned: 0 })
})
