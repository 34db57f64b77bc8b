import { describe, expect } from 'vitest'
import { createBreaker } from '../../src/breaker.ts'
import { createRedisClient } from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import { visitorKeyStore } from '../../src/redis/scripts/visitor-key.ts'
import { test as base } from '../support/linkr.ts'

const test = base
  .extend('keys', { scope: 'file' }, ({ stores }) => createKeys(stores.keyPrefix))
  .extend('newIsolate', ({ stores, keys }) => () => {
    const { UPSTASH_REDIS_REST_URL: url = '', UPSTASH_REDIS_REST_TOKEN: token = '' } = stores.bindings
    const config = { url, token, keyPrefix: stores.keyPrefix, timeoutMs: 30_000, retries: 0 }
    const redis = createRedisClient(config, createBreaker({ now: Date.now, isOutage: () => false }))
    return visitorKeyStore(redis, keys)
  })

test.afterEach(({ stores }) => stores.emptyRedis())

describe("the key of visitors' numbers", () => {
  test('is one for all isolates, also if they ask at the same time', async ({ newIsolate }) => {
    const asked = await Promise.all(Array.from({ length: 8 }, () => newIsolate().keyOf(20_785)))
    expect(asked[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(new Set(asked).size).toBe(1)
    expect(await newIsolate().keyOf(20_785)).toBe(asked[0])
  })

  test('is another one each day', async ({ newIsolate }) => {
    const isolate = newIsolate()
    expect(await isolate.keyOf(20_785)).not.toBe(await isolate.keyOf(20_786))
  })

  test('is gone after 48 hours, however often it was asked for', async ({ newIsolate, stores, keys }) => {
    await newIsolate().keyOf(20_785)
    await stores.redis('EXPIRE', keys.visitorKey(20_785), '1000')
    await newIsolate().keyOf(20_785)
    expect(Number(await stores.redis('TTL', keys.visitorKey(20_785)))).toBeLessThanOrEqual(1_000)
    await newIsolate().keyOf(20_786)
    const ttl = Number(await stores.redis('TTL', keys.visitorKey(20_786)))
    expect(ttl).toBeGreaterThan(172_700)
    expect(ttl).toBeLessThanOrEqual(172_800)
  })

  test('takes the place of one that is corrupt', async ({ newIsolate, stores, keys }) => {
    await stores.redis('SET', keys.visitorKey(20_785), 'x')
    expect(await newIsolate().keyOf(20_785)).toMatch(/^[0-9a-f]{32}$/)
    expect(await stores.redis('GET', keys.visitorKey(20_785))).toMatch(/^[0-9a-f]{32}$/)
  })
})
