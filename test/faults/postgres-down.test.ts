import { describe, expect } from 'vitest'
import type { InterceptedCall } from '../../src/local/intercept.ts'
import { test as base } from '../support/fault-test.ts'
import { WAYS_TO_BE_DOWN } from '../support/faults.ts'

const test = base
  .override('settings', { POSTGRES_TIMEOUT_MS: '1000' })
  /** Makes Redis say that a link's refresh is overdue. */
  .extend('outdateRegister', ({ stores }) => async (code: string): Promise<void> => {
    const register = String(await stores.register(code))
    const long = Date.now() - 10 * 60_000
    await stores.redis(
      'SET',
      stores.registerOf(code),
      register.replace(/"softExpiresAt":\d+/, `"softExpiresAt":${long}`),
    )
  })

async function expect503(response: Response): Promise<void> {
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
  expect(response.headers.get('cache-control')).toBe('no-store')
}

describe('Postgres down', () => {
  test.for(WAYS_TO_BE_DOWN)(
    '%s: redirects go on from Redis and hits wait there',
    async ([_, fault], { stores, edge }) => {
      const { id, code } = await edge.create({ url: 'https://example.com/' })
      stores.postgresFaults.inject(fault)
      expect(await edge.follow(code)).toBe('https://example.com/')
      expect((await edge.flush()).status).toBe(503)
      stores.heal()
      const flushed = async (): Promise<number> => {
        await edge.flush()
        return stores.flushedHits(id)
      }
      await expect.poll(flushed).toBe(1)
      expect(await flushed()).toBe(1)
    },
  )

  test('a link whose refresh is overdue is served as Redis has it', async ({
    stores,
    edge,
    outdateRegister,
  }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    await outdateRegister(code)
    stores.postgresFaults.inject({ kind: 'refuse' })
    expect(await edge.follow(code)).toBe('https://example.com/')
  })

  test('a link that only Postgres has is answered 503, which no cache keeps', async ({ stores, edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    await stores.redis('DEL', stores.registerOf(code))
    stores.postgresFaults.inject({ kind: 'refuse' })
    await expect503(await edge.get(`/${code}`))
    expect(await stores.redis('EXISTS', stores.registerOf(code))).toBe(0)
    stores.heal()
    expect(await edge.follow(code)).toBe('https://example.com/')
  })

  test.for(WAYS_TO_BE_DOWN.filter(([, { kind }]) => kind !== 'half-answer'))(
    '%s: API writes are answered 503 and write nothing, not even half of it',
    async ([_, fault], { stores, edge }) => {
      const { id, code } = await edge.create({ url: 'https://example.com/old' })
      await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
      const stateOf = () =>
        Promise.all([
          stores.sql('SELECT * FROM links ORDER BY id'),
          stores.sql('SELECT * FROM cache_outbox'),
          stores.register(code),
        ])
      const before = await stateOf()
      stores.postgresFaults.inject(fault)
      const answers = await Promise.all([
        edge.api('POST', '/links', { url: 'https://example.com/', code: `never-${fault.kind}` }),
        edge.api('PATCH', `/links/${id}`, { url: 'https://example.com/new' }),
        edge.api('DELETE', `/links/${id}`),
        edge.api('GET', `/links/${id}`),
      ])
      for (const answer of answers) {
        await expect503(answer)
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        expect(await answer.json()).toMatchObject({ status: 503, code: 'store_unavailable' })
      }
      stores.heal()
      expect(await stateOf()).toEqual(before)
      expect((await edge.get(`/never-${fault.kind}`)).status).toBeOneOf([404, 503])
    },
  )

  test('an edit whose answer is lost is answered 503, happened, and shows as soon as Postgres answers again', async ({
    stores,
    edge,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/old' })
    stores.postgresFaults.inject({ kind: 'drop-answer' })
    expect((await edge.api('PATCH', `/links/${id}`, { url: 'https://example.com/new' })).status).toBe(503)
    stores.heal()
    await expect.poll(() => edge.follow(code)).toBe('https://example.com/new')
    const register = () => stores.redis('GET', stores.registerOf(code))
    await expect.poll(register).toContain('https://example.com/new')
  })

  test('a dead Postgres is skipped: after some time-outs requests are answered 503 without waiting for it', async ({
    stores,
    edge,
  }) => {
    stores.postgresFaults.inject({ kind: 'hang' })
    const visitCold = () => edge.get(`/cold-${Math.random()}`)
    await Promise.all(Array.from({ length: 10 }, visitCold))
    stores.postgresFaults.resetCounts()
    for (const answer of await Promise.all(Array.from({ length: 50 }, visitCold))) await expect503(answer)
    expect(stores.postgresFaults.requests).toBeLessThan(10)
    stores.heal()
    await expect.poll(async () => (await visitCold()).status).toBe(404)
  })

  test('health says that Postgres is down, Redis is up, and how many hits wait', async ({ stores, edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    await edge.flush()
    stores.postgresFaults.inject({ kind: 'refuse' })
    await edge.get(`/${code}`)
    const ask = async () => {
      const response = await edge.api('GET', '/health')
      expect(response.status).toBe(200)
      return response.json()
    }
    await expect.poll(ask).toMatchObject({
      status: 'degraded',
      redis: { state: 'up', latencyMs: expect.any(Number), breaker: 'closed' },
      postgres: { state: 'down', latencyMs: null },
      outbox: null,
      hits: { redis: { pending: 1, oldestAgeMs: expect.any(Number) } },
    })
  })
})

describe('Postgres slow', () => {
  test('within its time-out: only a link that no cache has waits for it', async ({ stores, edge }) => {
    const cached = await edge.create({ url: 'https://example.com/cached' })
    const cold = await edge.create({ url: 'https://example.com/cold' })
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await stores.redis('DEL', stores.registerOf(cold.code))
    const answer = stores.postgresFaults.hold()
    const waiting = edge.follow(cold.code)
    await expect.poll(() => stores.postgresFaults.struck).toBe(1)
    expect(await edge.follow(cached.code)).toBe('https://example.com/cached')
    answer()
    expect(await waiting).toBe('https://example.com/cold')
  })

  test('beyond its time-out: a link that no cache has gets 503, all others go on', async ({
    stores,
    edge,
  }) => {
    const cached = await edge.create({ url: 'https://example.com/cached' })
    const cold = await edge.create({ url: 'https://example.com/cold' })
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await stores.redis('DEL', stores.registerOf(cold.code))
    stores.postgresFaults.inject({ kind: 'delay', ms: 4_000 })
    await expect503(await edge.get(`/${cold.code}`))
    expect(await edge.follow(cached.code)).toBe('https://example.com/cached')
  })

  test('beyond its time-out: a flush waits longer than visitors do, as for a Neon that wakes up', async ({
    stores,
    edge,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    expect(await edge.follow(code)).toBe('https://example.com/')
    await expect.poll(() => edge.hitsOf(id)).toBe(1)
    const appliesHits = ({ commands }: InterceptedCall) =>
      commands.some((sql) => sql.includes('applied_hits'))
    stores.postgresFaults.inject({ kind: 'delay', ms: 2_500 }, appliesHits)
    await edge.cron()
    expect(await stores.flushedHits(id)).toBe(1)
  })
})
