import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Edge, startEdge } from '../support/edge.ts'
import type { Fault } from '../support/faults.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let edge: Edge

beforeAll(async () => {
  stores = await startStores()
  edge = await startEdge(stores, { REDIS_TIMEOUT_MS: '300', POSTGRES_TIMEOUT_MS: '1000' })
})

afterAll(async () => {
  await edge?.close()
  await stores?.close()
})

afterEach(() => {
  stores.redisFaults.heal()
  stores.postgresFaults.heal()
})

const flushed = async (id: string) => {
  const [row] = await stores.sql<{ hits: string }>('SELECT hits FROM link_hits WHERE link_id = $1', [id])
  return Number(row?.hits ?? 0)
}

const WAYS_TO_BE_DOWN: [string, Fault][] = [
  ['refuses', { kind: 'refuse' }],
  ['hangs', { kind: 'hang' }],
  ['answers 500', { kind: 'status', status: 500 }],
  ['sends half an answer', { kind: 'half-answer' }],
]

describe('Redis down', () => {
  test.each(WAYS_TO_BE_DOWN)('%s: redirects go on from Postgres', async (_, fault) => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    stores.redisFaults.inject(fault)
    expect((await edge.get(`/${code}`)).status).toBe(302)
    expect((await edge.get(`/none-${fault.kind}`)).status).toBe(404)
  })

  test('hits wait in the isolate and are counted once it is back', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    stores.redisFaults.inject({ kind: 'refuse' })
    for (let i = 0; i < 4; i++) await edge.get(`/${code}`)
    stores.redisFaults.heal()
    await expect
      .poll(async () => {
        await edge.cron()
        return flushed(id)
      })
      .toBe(4)
  })

  test('a slow one is given up on, and the flush says so without losing anything', async () => {
    stores.redisFaults.inject({ kind: 'hang' })
    const response = await edge.api('POST', '/flush')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toMatchObject({ code: 'store_unavailable' })
  })
})

describe('Postgres down', () => {
  test.each(WAYS_TO_BE_DOWN)('%s: redirects go on from Redis and hits wait there', async (_, fault) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    stores.postgresFaults.inject(fault)
    expect((await edge.get(`/${code}`)).status).toBe(302)
    expect((await edge.api('POST', '/flush')).status).toBeOneOf([200, 503])
    stores.postgresFaults.heal()
    await expect
      .poll(async () => {
        await edge.cron()
        return flushed(id)
      })
      .toBe(1)
  })

  test('a link that only Postgres has is answered 503, which no cache keeps', async () => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    await stores.redis('DEL', `${stores.keyPrefix}v1:link:*/${code}`)
    stores.postgresFaults.inject({ kind: 'refuse' })
    const response = await edge.get(`/${code}`)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(response.headers.get('cache-control')).toBe('no-store')
    stores.postgresFaults.heal()
    expect((await edge.get(`/${code}`)).status).toBe(302)
  })

  test('an API write is answered 503 and writes nothing', async () => {
    stores.postgresFaults.inject({ kind: 'refuse' })
    const response = await edge.api('POST', '/links', { url: 'https://example.com/', code: 'never-written' })
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'store_unavailable' })
    stores.postgresFaults.heal()
    expect((await edge.get('/never-written')).status).toBe(404)
  })
})

describe('both down', () => {
  test('a redirect is answered 503 with when to retry, and works again as soon as they do', async () => {
    const { code } = await edge.create({ url: 'https://example.com/' })
    stores.redisFaults.inject({ kind: 'refuse' })
    stores.postgresFaults.inject({ kind: 'refuse' })
    const response = await edge.get(`/${code}`)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    stores.redisFaults.heal()
    stores.postgresFaults.heal()
    expect((await edge.get(`/${code}`)).status).toBe(302)
  })
})

describe('a Worker that is not configured', () => {
  test('answers 503 without a word about its settings, and /health all the same', async () => {
    const broken = await startEdge({ bindings: {} }, { DATABASE_URL: 'mysql://root:secret@db/x' })
    try {
      const visitor = await broken.get('/abc')
      expect([visitor.status, await visitor.text()]).toEqual([503, 'This service is not configured yet.\n'])
      const owner = await broken.api('GET', '/links/1')
      expect(owner.status).toBe(503)
      expect((await broken.get('/health')).status).toBe(200)
    } finally {
      await broken.close()
    }
  })
})
