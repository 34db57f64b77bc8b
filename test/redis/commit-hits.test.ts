import { describe, expect } from 'vitest'
import { createBreaker } from '../../src/breaker.ts'
import { createHitCounters } from '../../src/hits/hit-counters.ts'
import { createRedisClient, type RedisClient } from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import { SEGMENT_BYTES, VISITS_OF_SEALED } from '../../src/redis/scripts/hit-segment.ts'
import { createChangeLogReader } from '../../src/registers/change-log.ts'
import { monitorRedis } from '../bench/redis-monitor.ts'
import { test as base } from '../support/linkr.ts'

let sequence = Date.now()

/** Only a real Redis tells which commands it runs. */
const HAS_MONITOR = process.env.STORES === 'services'

const test = base
  .extend('keys', { scope: 'file' }, ({ stores }) => createKeys(stores.keyPrefix))
  .extend('redis', { scope: 'file' }, ({ stores }) => {
    const { UPSTASH_REDIS_REST_URL: url = '', UPSTASH_REDIS_REST_TOKEN: token = '' } = stores.bindings
    const config = { url, token, keyPrefix: stores.keyPrefix, timeoutMs: 30_000, retries: 0 }
    return createRedisClient(config, createBreaker({ now: Date.now, isOutage: () => false }))
  })
  /** @param refused a command that Redis refuses inside scripts, as if it were full. */
  .extend('newIsolate', ({ redis, keys }) => (refused?: string) => {
    const isolate = crypto.randomUUID()
    const changeLog = createChangeLogReader({ onChange() {}, onNewLinks() {}, onGap() {}, onWentBack() {} })
    const backgroundRedis = refused === undefined ? redis : refusing(redis, refused)
    const open = () => createHitCounters({ redis, backgroundRedis, keys, changeLog, now: Date.now })
    let counters = open()
    return {
      counters,
      /** Resolves to the id of the batch. */
      async commit(hits: Record<string, number>, at = ++sequence, visits = ''): Promise<string> {
        await counters.commit({ isolate, sequence: at, hits: new Map(Object.entries(hits)), visits })
        return `${isolate}-${at}`
      },
      /** Sends a batch as if the answer had been lost. */
      async repeat(hits: Record<string, number>, at: number, visits: string): Promise<void> {
        counters = open()
        await counters.commit({ isolate, sequence: at, hits: new Map(Object.entries(hits)), visits }, true)
      },
    }
  })
  .extend('claimed', ({ newIsolate }) => async () => {
    const { counters } = newIsolate()
    const { segments } = await counters.claim(true)
    await counters.release(segments)
    return segments.map(({ id, hits, visits, newestBatches }) => {
      return { id, hits: Object.fromEntries(hits), visits, newestBatches: [...newestBatches].sort() }
    })
  })
  .extend('commandsOf', ({ stores }) => async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    const monitor = await monitorRedis(stores.redisUrl, stores.keyPrefix)
    if (monitor === null) throw new Error('This Redis has no MONITOR.')
    await work()
    // It is told of them in their order.
    await stores.redis('GET', `${stores.keyPrefix}the-end`)
    await expect.poll(() => monitor.commands.at(-1)).toBe('GET')
    monitor.close()
    return monitor.commands.slice(0, -1)
  })

test.afterEach(({ stores }) => stores.emptyRedis())

function refusing(redis: RedisClient, refused: string): RedisClient {
  const wrapped = `
    local redis = (function(real)
      local oom = "OOM command not allowed when used memory > 'maxmemory'."
      local function refuse(call, refusal)
        return function(name, ...)
          if name == '${refused}' then return refusal() end
          return call(name, ...)
        end
      end
      return {
        call = refuse(real.call, function() error(oom) end),
        pcall = refuse(real.pcall, function() return {err = oom} end),
        error_reply = real.error_reply,
      }
    end)(redis) `
  return {
    command: redis.command,
    eval: (script, ...rest) => redis.eval(wrapped + script, ...rest),
  }
}

const many = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [String(i + 1), 1]))

describe('a commit', () => {
  test.skipIf(!HAS_MONITOR)(
    'of one link costs the script and three commands, and one more with what is known of its visits',
    async ({ newIsolate, commandsOf }) => {
      const isolate = newIsolate()
      await isolate.commit({ 1: 1 })
      const commands = await commandsOf(() => isolate.commit({ 1: 5 }))
      expect(commands).toEqual(['EVAL', 'XRANGE', 'ZINCRBY', 'HINCRBY'])
      const withVisits = await commandsOf(() => isolate.commit({ 1: 5 }, undefined, 'a\n'))
      expect(withVisits).toEqual([...commands, 'APPEND'])
    },
  )

  test.skipIf(!HAS_MONITOR)(
    'of many costs one more, and looks at the segment only when they are new there',
    async ({ newIsolate, commandsOf }) => {
      const isolate = newIsolate()
      await isolate.commit({ 1: 1 })
      const commands = ['EVAL', 'XRANGE', 'ZINCRBY', 'HMGET', 'HSET']
      expect(await commandsOf(() => isolate.commit(many(500)))).toEqual([...commands, 'HLEN'])
      expect(await commandsOf(() => isolate.commit(many(500)))).toEqual(commands)
    },
  )

  test('adds up, of one link and of more than one command takes', async ({ newIsolate, claimed }) => {
    const isolate = newIsolate()
    await isolate.commit(many(1_500))
    await isolate.commit({ 7: 2 })
    const last = await isolate.commit({ 7: 1, 8: 1 })
    const [segment, ...others] = await claimed()
    expect(segment).toMatchObject({ hits: { ...many(1_500), 7: 4, 8: 2 }, newestBatches: [last] })
    expect(others).toEqual([])
  })

  test('counts though somebody has corrupted its counter', async ({ stores, keys, newIsolate, claimed }) => {
    const isolate = newIsolate()
    await isolate.commit({ 1: 1 })
    await stores.redis('HSET', keys.hits, '1', 'many')
    await isolate.commit({ 1: 3 })
    expect(await claimed()).toMatchObject([{ hits: { 1: 3 } }])
  })

  test('that Redis refuses to count is not taken for one that it has', async ({
    stores,
    keys,
    newIsolate,
    claimed,
  }) => {
    const isolate = newIsolate()
    await isolate.commit({ 1: 1 })
    await stores.redis('RENAME', keys.hits, `${keys.hits}-kept`)
    await stores.redis('SET', keys.hits, 'not a hash')
    const at = ++sequence
    await expect(isolate.commit({ 1: 2 }, at)).rejects.toThrow()
    await expect(isolate.commit({ 1: 2, 2: 2 }, at)).rejects.toThrow()
    await stores.redis('RENAME', `${keys.hits}-kept`, keys.hits)
    await isolate.commit({ 1: 2 }, at)
    await isolate.commit({ 1: 2 }, at)
    expect(await claimed()).toMatchObject([{ hits: { 1: 3 } }])
  })

  test('that may not seal changes nothing, and is counted when it may', async ({
    stores,
    keys,
    newIsolate,
    claimed,
  }) => {
    const [first, second] = [newIsolate(), newIsolate()]
    await first.commit({ 1: 1 })
    await second.commit({ 1: 1 })
    await stores.redis(
      'ZREM',
      keys.hitWriters,
      ...((await stores.redis('ZRANGE', keys.hitWriters, '0', '0')) as string[]),
    )
    await stores.redis('SET', keys.sealedHits, 'not a list')
    const at = ++sequence
    await expect(first.commit({ 1: 10 }, at)).rejects.toThrow()
    expect(await stores.redis('HGET', keys.hits, '1')).toBe('2')
    await stores.redis('DEL', keys.sealedHits)
    await first.commit({ 1: 10 }, at)
    expect(await claimed()).toMatchObject([{ hits: { 1: 2 } }, { hits: { 1: 10 } }])
  })
})

describe('the text of a batch', () => {
  test.skipIf(!HAS_MONITOR)(
    'costs one command, and none if there is none',
    async ({ newIsolate, commandsOf }) => {
      const isolate = newIsolate()
      await isolate.commit({ 1: 1 })
      const usual = ['EVAL', 'XRANGE', 'ZINCRBY', 'HINCRBY']
      expect(await commandsOf(() => isolate.commit({ 1: 5 }))).toEqual(usual)
      expect(await commandsOf(() => isolate.commit({ 1: 5 }, ++sequence, 'a\n'))).toEqual([
        ...usual,
        'APPEND',
      ])
      expect(await commandsOf(() => isolate.commit({}, ++sequence, 'a\n'))).toEqual([
        ...usual.slice(0, 3),
        'APPEND',
      ])
    },
  )

  test('goes with its hits from segment to segment, in order, and is released with them', async ({
    stores,
    newIsolate,
    claimed,
  }) => {
    const [one, other] = [newIsolate(), newIsolate()]
    await one.commit({ 1: 1 }, ++sequence, 'ein Kn\u00f6del\t1\n')
    await other.commit({ 1: 1 }, ++sequence, 'b\n')
    await one.commit({ 1: 1 })
    const { segments } = await one.counters.claim(true)
    await one.commit({ 2: 1 }, ++sequence, 'c\n')
    expect(segments).toMatchObject([{ visits: 'ein Kn\u00f6del\t1\nb\n' }])
    expect(await claimed()).toMatchObject([
      { hits: { 1: 3 }, visits: 'ein Kn\u00f6del\t1\nb\n' },
      { hits: { 2: 1 }, visits: 'c\n' },
    ])
    const left = (await stores.redis('KEYS', `${stores.keyPrefix}*`)) as string[]
    expect(left.filter((key) => key.endsWith('visits'))).toEqual([])
  })

  test('makes a segment without any hits', async ({ newIsolate, claimed }) => {
    await newIsolate().commit({}, ++sequence, '! a miss\n')
    expect(await claimed()).toMatchObject([{ hits: {}, visits: '! a miss\n' }])
    expect((await newIsolate().counters.claim(true)).segments).toEqual([])
  })

  test('is there once, also in a segment of its own after Redis had forgotten the batch', async ({
    newIsolate,
    claimed,
  }) => {
    const isolate = newIsolate()
    const at = ++sequence
    await isolate.repeat({ 1: 1 }, at, 'a\n')
    await isolate.repeat({ 1: 1 }, at, 'a\n')
    await isolate.commit({ 1: 2 }, ++sequence, 'b\n')
    await isolate.repeat({ 1: 2 }, sequence, 'b\n')
    expect(await claimed()).toMatchObject([
      { hits: { 1: 1 }, visits: 'a\n' },
      { hits: { 1: 2 }, visits: 'b\n' },
    ])
  })

  test('seals its segment when there is much of it', async ({ stores, keys, newIsolate, claimed }) => {
    const isolate = newIsolate()
    const text = 'x'.repeat(SEGMENT_BYTES / 4)
    for (let i = 0; i < 4; i++) {
      expect(await stores.redis('LLEN', keys.sealedHits)).toBe(0)
      await isolate.commit({ 1: 1 }, ++sequence, text)
    }
    expect(await stores.redis('LLEN', keys.sealedHits)).toBe(1)
    await isolate.commit({ 1: 1 })
    const segments = await claimed()
    expect(segments.map(({ hits, visits }) => [hits, visits.length])).toEqual([
      [{ 1: 4 }, SEGMENT_BYTES],
      [{ 1: 1 }, 0],
    ])
  })

  test('bounds a claim: what is too much waits for the next one', async ({ newIsolate }) => {
    const isolate = newIsolate()
    for (let i = 0; i < 3; i++) await isolate.commit({ 1: 1 }, ++sequence, 'x'.repeat(SEGMENT_BYTES))
    const first = await isolate.counters.claim(true)
    expect(first).toMatchObject({ hasMore: true, segments: [{ hits: new Map([['1', 1]]) }, {}] })
    expect(first.segments).toHaveLength(2)
    await isolate.counters.release(first.segments)
    const second = await isolate.counters.claim(false)
    expect(second.hasMore).toBe(false)
    expect(second.segments).toHaveLength(1)
  })

  test('alone is lost if somebody has put something else in its place', async ({
    stores,
    keys,
    newIsolate,
    claimed,
  }) => {
    const isolate = newIsolate()
    await isolate.commit({ 1: 1 }, ++sequence, 'a\n')
    await stores.redis('DEL', keys.hitVisits)
    await stores.redis('LPUSH', keys.hitVisits, 'no text')
    await isolate.commit({ 1: 2 }, ++sequence, 'b\n')
    expect(await claimed()).toMatchObject([{ hits: { 1: 3 }, visits: 'b\n' }])
  })

  test('alone is lost if it is corrupted once it is sealed', async ({
    stores,
    keys,
    newIsolate,
    claimed,
  }) => {
    const isolate = newIsolate()
    await isolate.commit({ 1: 1 }, ++sequence, 'a\n')
    const [segment] = (await isolate.counters.claim(true)).segments
    const key = `${keys.sealedHitsPrefix}${segment?.id}${VISITS_OF_SEALED}`
    expect(await stores.redis('DEL', key)).toBe(1)
    await stores.redis('LPUSH', key, 'no text')
    expect(await claimed()).toMatchObject([{ hits: { 1: 1 }, visits: '' }])
    expect(await stores.redis('EXISTS', key)).toBe(0)
  })

  test('alone is lost if Redis refuses it, and no hit counts twice', async ({ newIsolate, claimed }) => {
    const isolate = newIsolate('APPEND')
    const at = ++sequence
    await isolate.commit({ 1: 1 }, at, 'a\n')
    await isolate.repeat({ 1: 1 }, at, 'a\n')
    const own = newIsolate('SET')
    await own.repeat({ 2: 1 }, ++sequence, 'b\n')
    await own.repeat({ 2: 1 }, sequence, 'b\n')
    expect(await claimed()).toMatchObject([
      { hits: { 2: 1 }, visits: '' },
      { hits: { 1: 1 }, visits: '' },
    ])
  })

  test.for(['RENAME', 'RPUSH'])(
    'stays with its hits while Redis refuses to seal by %s',
    async (refused, { stores, keys, newIsolate, claimed }) => {
      const isolate = newIsolate()
      await isolate.commit({ 1: 1 }, ++sequence, 'a\n')
      await newIsolate(refused)
        .counters.claim(true)
        .catch(() => {})
      expect(await stores.redis('GET', keys.hitVisits)).toBe('a\n')
      await isolate.commit({ 1: 1 }, ++sequence, 'b\n')
      expect(await claimed()).toMatchObject([{ hits: { 1: 2 }, visits: 'a\nb\n' }])
    },
  )

  test('is given up before it outgrows a response, while Redis refuses to seal', async ({
    stores,
    keys,
    newIsolate,
  }) => {
    const isolate = newIsolate('RPUSH')
    const text = 'x'.repeat(SEGMENT_BYTES)
    const lengths: unknown[] = []
    for (let i = 0; i < 6; i++) {
      await isolate.commit({ 1: 1 }, ++sequence, text)
      lengths.push(await stores.redis('STRLEN', keys.hitVisits))
    }
    expect(lengths).toEqual([1, 2, 3, 4, 0, 1].map((times) => times * SEGMENT_BYTES))
    expect(await stores.redis('HGET', keys.hits, '1')).toBe('6')
  })
})

describe('a segment', () => {
  test('names of each isolate the newest batch in it, and no batch of another', async ({
    newIsolate,
    claimed,
  }) => {
    const [busy, idle] = [newIsolate(), newIsolate()]
    await busy.commit({ 1: 1 })
    const [second, only] = [await busy.commit({ 1: 1 }), await idle.commit({ 1: 1 })]
    expect(await claimed()).toMatchObject([{ newestBatches: [second, only].sort() }])
    const third = await busy.commit({ 1: 1 })
    expect(await claimed()).toMatchObject([{ newestBatches: [third] }])
    const back = await idle.commit({ 1: 1 })
    expect(await claimed()).toMatchObject([{ newestBatches: [back] }])
  })

  test('has an id of its own, also if a claim is sent twice', async ({
    stores,
    keys,
    redis,
    newIsolate,
    claimed,
  }) => {
    const isolate = newIsolate()
    const { counters } = newIsolate()
    await isolate.commit({ 1: 1 })
    const sent: Parameters<typeof redis.eval>[] = []
    const spied = createHitCounters({
      ...{ redis, keys, now: Date.now, changeLog: { cursor: () => '', receive() {}, missed() {} } },
      backgroundRedis: {
        command: redis.command,
        eval: (...call) => {
          sent.push(call)
          return redis.eval(...call)
        },
      },
    })
    await spied.claim(true)
    for (const call of sent) {
      await isolate.commit({ 1: 1 })
      await redis.eval(...call)
    }
    await isolate.commit({ 1: 1 })
    await counters.claim(true)
    const ids = (await stores.redis('LRANGE', keys.sealedHits, '0', '-1')) as string[]
    expect(ids).toHaveLength(3)
    expect(new Set(ids).size).toBe(3)
    expect(await claimed()).toHaveLength(3)
  })

  test('that nobody has filled yet gets another id from an isolate that knows of nothing', async ({
    stores,
    keys,
    newIsolate,
    claimed,
  }) => {
    await newIsolate().commit({ 1: 1 })
    await claimed()
    const id = await stores.redis('HGET', keys.hits, '#')
    await newIsolate().commit({ 1: 1 })
    expect(await stores.redis('HGET', keys.hits, '#')).not.toBe(id)
  })

  test('is told of with its hits while it is filled and when it is sealed, and not without any', async ({
    newIsolate,
    claimed,
  }) => {
    const isolate = newIsolate()
    const { counters } = isolate
    await isolate.commit({ 1: 2, 2: 3 })
    await counters.claim(true)
    expect(await counters.waiting()).toMatchObject([{ hits: 5, since: expect.any(Date) }])
    await isolate.commit({ 1: 4 })
    expect(await counters.waiting()).toMatchObject([{ hits: 4 }, { hits: 5 }])
    await claimed()
    expect(await counters.waiting()).toEqual([])
  })
})
