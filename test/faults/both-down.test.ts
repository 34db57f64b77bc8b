import { describe, expect } from 'vitest'
import { test } from '../support/fault-test.ts'
import { WAYS_TO_BE_DOWN } from '../support/faults.ts'

test.override('settings', { REDIS_TIMEOUT_MS: '500', POSTGRES_TIMEOUT_MS: '1000' })

describe('both down', () => {
  test.for(WAYS_TO_BE_DOWN.slice(0, 2))(
    '%s: links in memory go on, beyond what they are in sync for too',
    async ([_, fault], { stores, edge }) => {
      const { id, code } = await edge.create({ url: 'https://example.com/' })
      expect(await edge.follow(code)).toBe('https://example.com/')
      // The first commit of an isolate clears its memory: it cannot know what was edited before.
      await expect.poll(async () => (await edge.health()).hits.isolate.waitingLinks).toBe(0)
      expect((await edge.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
      stores.redisFaults.inject(fault)
      stores.postgresFaults.inject(fault)
      let visits = 1
      // Entries are in sync for 5 s.
      for (const until = Date.now() + 6_000; Date.now() < until; visits++) {
        const response = await edge.get(`/${code}`)
        expect([response.status, response.headers.get('location')]).toEqual([302, 'https://example.com/'])
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      stores.heal()
      const missing = async (): Promise<number> => {
        await edge.flush()
        return visits - (await stores.flushedHits(id))
      }
      await expect.poll(missing).toBe(0)
      expect(await missing()).toBe(0)
    },
  )

  test('the rest is answered 503 with a plain page that says when to retry and is kept nowhere', async ({
    stores,
    edge,
  }) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    stores.redisFaults.inject({ kind: 'refuse' })
    stores.postgresFaults.inject({ kind: 'refuse' })
    for (const path of [`/${code}`, '/never-there']) {
      const response = await edge.get(path)
      expect(response.status).toBe(503)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'retry-after': '5',
        'cache-control': 'no-store',
        'content-type': 'text/plain; charset=utf-8',
      })
      expect(await response.text()).toBe('This short link cannot be resolved right now. Please try again.\n')
    }
    stores.heal()
    const statuses = async () => [
      (await edge.get(`/${code}`)).status,
      (await edge.get('/never-there')).status,
    ]
    // At once, but for the pause of a circuit breaker that has opened.
    await expect.poll(statuses).toEqual([302, 404])
  })

  test('Redis back before Postgres: hits go there again, though Postgres has not answered for those it was sent', async ({
    stores,
    edge,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    expect((await edge.get(`/${code}`, { method: 'HEAD' })).status).toBe(302)
    let visits = 0
    const visit = async (): Promise<void> => {
      expect((await edge.get(`/${code}`)).status).toBe(302)
      visits++
    }
    let direct = 0
    stores.redisFaults.inject({ kind: 'refuse' })
    stores.postgresFaults.inject({ kind: 'hang' }, ({ commands }) => {
      if (commands.some((sql) => sql.includes('applied_hits'))) direct++
      return true
    })
    const visitUntilSentToPostgres = async (): Promise<number> => {
      await visit()
      // Of its own accord an isolate does so a few times a minute.
      await edge.flush()
      return direct
    }
    await expect.poll(visitUntilSentToPostgres).toBeGreaterThan(0)
    stores.redisFaults.heal()
    const inRedis = async (): Promise<number> => {
      await visit()
      return stores.waitingHits(id)
    }
    await expect.poll(inRedis).toBeGreaterThan(5)
    stores.heal()
    const missing = async (): Promise<number> => {
      await edge.flush()
      return visits - (await stores.flushedHits(id))
    }
    await expect.poll(missing).toBe(0)
    expect(await missing()).toBe(0)
  })

  test('owners are answered 503, and nothing is written', async ({ stores, edge }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/old' })
    stores.redisFaults.inject({ kind: 'refuse' })
    stores.postgresFaults.inject({ kind: 'refuse' })
    const answer = await edge.api('PATCH', `/links/${id}`, { url: 'https://example.com/new' })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await answer.json()).toMatchObject({ code: 'store_unavailable' })
    stores.heal()
    expect(await edge.follow(code)).toBe('https://example.com/old')
  })

  test('health says so with 503', async ({ stores, edge }) => {
    stores.redisFaults.inject({ kind: 'refuse' })
    stores.postgresFaults.inject({ kind: 'refuse' })
    const response = await edge.api('GET', '/health')
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      status: 'down',
      redis: { state: 'down' },
      postgres: { state: 'down' },
      outbox: null,
      hits: { redis: null, isolate: { droppedHits: 0 } },
    })
  })
})
