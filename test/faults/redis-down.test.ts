import { describe, expect } from 'vitest'
import { test as base } from '../support/fault-test.ts'
import { WAYS_TO_BE_DOWN } from '../support/faults.ts'

const test = base
  .override('settings', { REDIS_TIMEOUT_MS: '500' })
  /** Asks for links that no memory has until the circuit breaker has given Redis up. */
  .extend('openBreaker', ({ edge }) => async (): Promise<void> => {
    await Promise.all(Array.from({ length: 10 }, (_, i) => edge.get(`/opener-${i}-${Math.random()}`)))
  })

describe('Redis down', () => {
  test.for(WAYS_TO_BE_DOWN)('%s: redirects go on from Postgres', async ([_, fault], { stores, edge }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    stores.redisFaults.inject(fault)
    expect(await edge.follow(code)).toBe('https://example.com/')
    expect((await edge.get(`/none-${fault.kind}`)).status).toBe(404)
  })

  test('owners create, edit, read and delete links all the same, and visitors see it', async ({
    stores,
    edge,
  }) => {
    stores.redisFaults.inject({ kind: 'refuse' })
    const { id, code } = await edge.create({ url: 'https://example.com/old' })
    expect(await edge.follow(code)).toBe('https://example.com/old')
    await edge.edit(id, 'https://example.com/new')
    expect(await edge.follow(code)).toBe('https://example.com/new')
    expect((await edge.api('GET', `/links/${id}`)).status).toBe(200)
    expect((await edge.api('DELETE', `/links/${id}`)).status).toBe(204)
    expect((await edge.get(`/${code}`)).status).toBe(404)
  })

  test('what owners did meanwhile has replaced what Redis holds soon after it is back', async ({
    stores,
    edge,
  }) => {
    const edited = await edge.create({ url: 'https://example.com/old' })
    const deleted = await edge.create({ url: 'https://example.com/deleted' })
    stores.redisFaults.inject({ kind: 'refuse' })
    const created = await edge.create({ url: 'https://example.com/created' })
    await edge.edit(edited.id, 'https://example.com/new')
    await edge.api('DELETE', `/links/${deleted.id}`)
    expect((await stores.sql('SELECT FROM cache_outbox')).length).toBe(3)
    stores.redisFaults.heal()
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    expect(await stores.register(edited.code)).toContain('https://example.com/new')
    expect(await stores.register(deleted.code)).toContain('"link":null')
    // Redis never had this one, and need not be told before a visitor follows it.
    expect(await edge.follow(created.code)).toBe('https://example.com/created')
  })

  test('a dead Redis is skipped: requests no longer wait for its time-out', async ({
    stores,
    edge,
    startEdge,
  }) => {
    const links = await Promise.all(
      Array.from({ length: 50 }, () => edge.create({ url: 'https://example.com/' })),
    )
    // A probe that takes 3 s leaves the others no time, however slow the machine is.
    const patient = await startEdge({ REDIS_TIMEOUT_MS: '3000' })
    let reads = 0
    stores.redisFaults.inject({ kind: 'hang' }, (call) => {
      const isRead = call.text().includes('v1:link:')
      if (isRead) reads++
      return isRead
    })
    await Promise.all(Array.from({ length: 10 }, (_, i) => patient.get(`/opener-${i}`)))
    reads = 0
    const answers = await Promise.all(links.map(({ code }) => patient.get(`/${code}`)))
    expect(answers.map(({ status }) => status)).toEqual(links.map(() => 302))
    expect(reads).toBeLessThan(10)
    expect((await patient.health()).redis.breaker).not.toBe('closed')
  })

  test('a probe finds out that it is back, and links are cached again', async ({
    stores,
    edge,
    openBreaker,
  }) => {
    stores.redisFaults.inject({ kind: 'hang' })
    await openBreaker()
    stores.redisFaults.heal()
    // Redis gets a link after the response: by the time when the next one is followed.
    let followed = 'none'
    const isCached = async (): Promise<unknown> => {
      const before = stores.registerOf(followed)
      followed = `back-${Math.random()}`
      await edge.get(`/${followed}`)
      return stores.redis('EXISTS', before)
    }
    await expect.poll(isCached).toBe(1)
  })

  test('hits wait in the isolate and are counted once it is back', async ({ stores, edge }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    stores.redisFaults.inject({ kind: 'refuse' })
    for (let i = 0; i < 4; i++) await edge.get(`/${code}`)
    stores.redisFaults.heal()
    const flushed = async (): Promise<number> => {
      await edge.flush()
      return stores.flushedHits(id)
    }
    await expect.poll(flushed).toBe(4)
  })

  test('hits that it cannot have seen go straight to Postgres, the others wait for it, all count once', async ({
    stores,
    edge,
    openBreaker,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    stores.redisFaults.inject({ kind: 'drop-answer' })
    await openBreaker()
    let visits = 0
    const visitAndCount = async (): Promise<number> => {
      await edge.get(`/${code}`)
      visits++
      // Of its own accord an isolate writes to Postgres a few times a minute.
      await edge.flush()
      return stores.flushedHits(id)
    }
    await expect.poll(visitAndCount).toBeGreaterThan(2)
    expect(await stores.flushedHits(id)).toBeLessThanOrEqual(visits)
    stores.redisFaults.heal()
    const missing = async (): Promise<number> => {
      await edge.flush()
      return visits - (await stores.flushedHits(id))
    }
    await expect.poll(missing).toBe(0)
    // The batch whose answer was lost is counted already; it is sent again all the same, and not counted again.
    const waiting = async () => (await edge.health()).hits.isolate
    await expect.poll(waiting).toEqual({ waitingLinks: 0, droppedHits: 0 })
    expect(await missing()).toBe(0)
  })

  test('a flush says so, and loses nothing', async ({ stores, edge }) => {
    stores.redisFaults.inject({ kind: 'hang' })
    const response = await edge.flush()
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toMatchObject({ code: 'store_unavailable' })
  })

  test('health says that Redis is down, Postgres is up, and how many edits wait', async ({
    stores,
    edge,
  }) => {
    stores.redisFaults.inject({ kind: 'refuse' })
    await edge.create({ url: 'https://example.com/' })
    const response = await edge.api('GET', '/health')
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      status: 'degraded',
      redis: { state: 'down', latencyMs: null },
      postgres: { state: 'up', latencyMs: expect.any(Number), breaker: 'closed' },
      outbox: { depth: 1, oldestAgeMs: expect.any(Number) },
      hits: { redis: null },
    })
  })
})
