import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Link } from '../src/links/link.ts'
import { createLiveLinks } from '../src/live-links.ts'
import type { RedisTransport } from '../src/redis/client.ts'
import { createKeys } from '../src/redis/keys.ts'
import type { Edit } from '../src/registers/edit.ts'
import type { Outbox } from '../src/registers/outbox.ts'
import { key, linkOf, settle } from './cache/open-memory-tier.ts'
import { emptyRedis, type InProcessRedis } from './interleavings/in-process-redis.ts'
import { muteLog } from './interleavings/runs.ts'

const keys = createKeys('')
const edit = (version: number) => ({ ...key, version, link: linkOf(version) }) satisfies Edit

let redis: InProcessRedis

muteLog()

beforeEach(async () => {
  redis = await emptyRedis()
})

/** One isolate, put together as in the Worker, whose Redis can be away. */
function open(postgres: { link: Link | null }) {
  let isAway = false
  let pending: Edit[] = []
  let holds = Promise.withResolvers<void>()
  holds.resolve()
  const asked: string[] = []
  const send = async (label: string, ...command: (string | number)[]): Promise<unknown> => {
    if (isAway) throw new Error('away')
    asked.push(label)
    const [name = '', ...args] = command
    return redis.command(String(name), ...args)
  }
  const transport: RedisTransport = {
    eval: (script, names, args) => send('redis', 'EVAL', script, names.length, ...names, ...args),
    exec: (command) => send('redis', ...command),
  }
  const outbox: Partial<Outbox> = {
    async pending() {
      await holds.promise
      return pending
    },
    async settle() {
      pending = []
      return []
    },
    reopen: async () => 0,
    bumpAbove: async (_key, claimed) => {
      postgres.link = linkOf(claimed + 1)
      return edit(claimed + 1)
    },
  }
  let time = Date.now()
  const live = createLiveLinks(
    {
      redis: { url: '', token: '', keyPrefix: '', timeoutMs: 300, retries: 0 },
      postgres: { url: '', fetchEndpoint: null, timeoutMs: 5_000, retries: 0 },
    },
    {
      now: () => time,
      random: () => 0.5,
      sleep: () => new Promise(() => {}),
      background: (_event, work) => void work.catch(() => {}),
    },
    {
      redis: () => transport,
      links: async () => ({
        async find() {
          asked.push('postgres')
          return postgres.link
        },
        mostHit: async () => [],
      }),
      settings: async () => ({ find: async () => null }),
      outbox: async () => outbox as Outbox,
    },
    { left: () => Number.POSITIVE_INFINITY },
  )
  return {
    ...live,
    asked,
    setAway(value: boolean) {
      isAway = value
    },
    advance(ms: number) {
      time += ms
    },
    /** An edit by another isolate whose publication failed. */
    leaveInOutbox(waiting: ReturnType<typeof edit>) {
      pending = [waiting]
      postgres.link = waiting.link
    },
    /** Postgres is slow with the outbox; the result ends that. */
    holdOutbox() {
      holds = Promise.withResolvers()
      return holds.resolve
    },
    async readChanges() {
      const { changeLog } = live
      changeLog.receive(await live.registers.changes(changeLog.cursor()), time)
    },
  }
}

async function outage(isolate: ReturnType<typeof open>): Promise<void> {
  isolate.setAway(true)
  for (let failures = 0; failures < 5; failures++)
    await isolate.links.find({ domain: '*', code: `${failures}` })
  expect(isolate.breakers.redis.state()).toBe('open')
  isolate.setAway(false)
  isolate.advance(2_000)
}

describe('an isolate that has seen Redis away', () => {
  test('asks Postgres first until it has emptied the outbox, then Redis again', async () => {
    const isolate = open({ link: linkOf(1) })
    await isolate.links.find(key)
    await settle()
    await outage(isolate)
    isolate.leaveInOutbox(edit(2))
    const release = isolate.holdOutbox()
    // The first request that asks Redis again closes the breaker; later ones do not trust Redis yet.
    await isolate.links.find({ domain: '*', code: 'probe' })
    expect(isolate.publisher.isBehind()).toBe(true)
    isolate.advance(5_000)
    isolate.asked.length = 0
    expect(await isolate.links.find(key)).toEqual(linkOf(2))
    expect(isolate.asked).toContain('postgres')
    release()
    await vi.waitFor(() => expect(isolate.publisher.isBehind()).toBe(false))
    expect(await redis.command('GET', keys.register(key))).toMatch(/^2:/)
    isolate.asked.length = 0
    isolate.advance(5_000)
    expect(await isolate.links.find(key)).toEqual(linkOf(2))
    expect(isolate.asked).toEqual(['redis'])
  })
})

describe('an isolate whose Redis has gone back', () => {
  test('asks Postgres first, once its change log tells', async () => {
    const isolate = open({ link: linkOf(1) })
    await isolate.readChanges()
    const then = redis.snapshot()
    await isolate.publisher.publish([edit(2)])
    await isolate.readChanges()
    redis.restore(then)
    isolate.holdOutbox()
    await isolate.readChanges()
    expect(isolate.publisher.isBehind()).toBe(true)
  })

  test('notices that from its own edit, though it had not read of it', async () => {
    const isolate = open({ link: linkOf(1) })
    await isolate.readChanges()
    const then = redis.snapshot()
    await isolate.publisher.publish([edit(2)])
    redis.restore(then)
    isolate.holdOutbox()
    await isolate.readChanges()
    expect(isolate.publisher.isBehind()).toBe(true)
  })
})

test('a register that is newer than what Postgres has is overruled when it is refreshed', async () => {
  const isolate = open({ link: linkOf(1) })
  const { id, url, status, enabled, expiresAt, forwardQuery } = linkOf(7)
  const link = { id, url, status, enabled, expiresAt, forwardQuery }
  await redis.command('SET', keys.register(key), `7:${JSON.stringify({ link, softExpiresAt: 0, loadMs: 1 })}`)
  await isolate.links.find(key)
  await vi.waitFor(async () => expect(await redis.command('GET', keys.register(key))).toMatch(/^8:/))
})
