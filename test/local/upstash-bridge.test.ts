import { randomUUID } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Redis } from '@upstash/redis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Intercept } from '../../src/local/intercept.ts'
import { startUpstashBridge, type UpstashBridge } from '../../src/local/upstash-bridge.ts'

const TOKEN = 'local-token'
const REDIS_URL =
  process.env.STORES === 'services' ? (process.env.REDIS_URL ?? 'redis://127.0.0.1:6379') : undefined
const PREFIX = `bridge-test:${randomUUID()}`

let bridge: UpstashBridge
/** Zero retries, not `false`: the client takes `false` for one retry. */
let redis: Redis
let keys = 0

const newKey = (): string => `${PREFIX}:${++keys}`

beforeAll(async () => {
  bridge = await startUpstashBridge({ redisUrl: REDIS_URL, token: TOKEN })
  redis = new Redis({ url: bridge.url, token: TOKEN, retry: { retries: 0 } })
})

afterAll(async () => {
  const left = await redis.keys(`${PREFIX}:*`)
  if (left.length > 0) await redis.del(...left)
  await bridge.close()
})

async function call(path: string, init: RequestInit = {}, url = bridge.url) {
  const headers = { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) }
  const response = await fetch(url + path, { ...init, headers })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const { status, text } = await call(path, { method: 'POST', body: JSON.stringify(body), headers })
  return { status, body: JSON.parse(text) as unknown }
}

describe('commands', () => {
  it('takes a command as JSON, as a path, and as a path with the value in the body', async () => {
    const key = newKey()
    expect(await post('/', ['SET', key, 'one', 'EX', 100])).toEqual({ status: 200, body: { result: 'OK' } })
    expect((await call(`/get/${key}`)).text).toBe('{"result":"one"}')
    expect((await call(`/set/${key}/a%2Fb%20c+d?EX=100&NX`)).text).toBe('{"result":null}')
    expect((await call(`/set/${key}/a%2Fb%20c+d`)).text).toBe('{"result":"OK"}')
    expect((await call(`/get/${key}`)).text).toBe('{"result":"a/b c+d"}')
    await call(`/set/${key}?EX=100`, { method: 'PUT', body: '{"a":[1]}' })
    expect((await post('/', ['GET', key])).body).toEqual({ result: '{"a":[1]}' })
    expect((await post('/', ['TTL', key])).body).toEqual({ result: 100 })
  })

  it('sends arguments that are not strings as their JSON', async () => {
    const key = newKey()
    await post('/', ['RPUSH', key, 1.5, true, null, { a: [1] }])
    expect((await post('/', ['LRANGE', key, 0, -1])).body).toEqual({
      result: ['1.5', 'true', 'null', '{"a":[1]}'],
    })
  })

  it('keeps 64-bit integers in full, both ways', async () => {
    const key = newKey()
    const { text } = await call('/', { method: 'POST', body: `["INCRBY","${key}",9223372036854775807]` })
    expect(text).toBe('{"result":9223372036854775807}')
  })

  it('encodes every string but OK as base64, also inside arrays, and keeps bytes that are not text', async () => {
    const key = newKey()
    const base64 = { 'upstash-encoding': 'base64' }
    expect((await post('/', ['SET', key, 'x'], base64)).body).toEqual({ result: 'OK' })
    const script = 'return {"a",{1,"b"},redis.call("SET",KEYS[1],"x"),false}'
    expect((await post('/', ['EVAL', script, 1, key], base64)).body).toEqual({
      result: ['YQ==', [1, 'Yg=='], 'T0s=', null],
    })
    const bytes = Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0xfe])
    await call(`/set/${key}`, { method: 'POST', body: bytes })
    expect((await post('/', ['GET', key], base64)).body).toEqual({ result: bytes.toString('base64') })
  })

  it('answers in the bytes of Redis on demand', async () => {
    const key = newKey()
    await post('/', ['RPUSH', key, 'é'])
    const resp2 = { 'upstash-response-format': 'resp2' }
    const { headers, text } = await call(`/lrange/${key}/0/-1`, { headers: resp2 })
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(text).toBe('*1\r\n$2\r\né\r\n')
    expect((await post('/', ['PING'], { ...resp2, 'upstash-encoding': 'base64' })).status).toBe(400)
    expect((await post('/', ['PING'], { 'upstash-response-format': 'xml' })).status).toBe(400)
  })

  it('runs scripts that lock their keys only, a flag that Redis does not know', async () => {
    const key = newKey()
    await post('/', ['SET', key, 'x'])
    const script = '#!lua flags=allow-key-locking\nreturn redis.call("GET", KEYS[1])'
    expect((await post('/', ['EVAL', script, 1, key])).body).toEqual({ result: 'x' })
    expect((await post('/pipeline', [['EVAL_RO', script, 1, key]])).body).toEqual([{ result: 'x' }])
  })

  it('serves the client: hashes, scripts by their hash, and what it wrote before', async () => {
    const key = newKey()
    await redis.hset(key, { a: 1, b: { c: 'ü' } })
    expect(await redis.hgetall(key)).toEqual({ a: 1, b: { c: 'ü' } })
    const script = redis.createScript<string>('return redis.call("HGET", KEYS[1], ARGV[1])')
    expect(await script.exec([key], ['a'])).toBe(1)
    const token = redis.readYourWritesSyncToken
    await redis.hset(key, { a: 2 })
    expect(redis.readYourWritesSyncToken).not.toBe(token)
  })
})

describe('pipelines and transactions', () => {
  it('answers each command of a pipeline in its place and goes on past a failed one', async () => {
    const key = newKey()
    const commands = [['SET', key, 1], ['LPUSH', key, 2], ['SELECT', 1], [], ['GET', key]]
    const { status, body } = await post('/pipeline', commands)
    expect(status).toBe(200)
    expect(body).toEqual([
      { result: 'OK' },
      { error: expect.stringContaining('WRONGTYPE') },
      { error: expect.stringContaining("Command is not available: 'SELECT'") },
      { error: 'ERR empty pipeline command' },
      { result: '1' },
    ])
  })

  it('runs a transaction to its end when a command fails, and not at all when one cannot be queued', async () => {
    const key = newKey()
    const ran = await post('/multi-exec', [
      ['SET', key, 1],
      ['LPUSH', key, 2],
      ['INCR', key],
    ])
    expect(ran.body).toEqual([
      { result: 'OK' },
      { error: expect.stringContaining('WRONGTYPE') },
      { result: 2 },
    ])
    for (const bad of [['GET'], ['WATCH', key], ['NOSUCHCOMMAND']]) {
      const discarded = await post('/multi-exec', [['INCR', key], bad])
      expect(discarded).toEqual({ status: 400, body: { error: expect.any(String) } })
    }
    expect(await redis.get(key)).toBe(2)
  })

  it('lets no other request between the commands of a transaction', async () => {
    const key = newKey()
    const transactions = Array.from({ length: 20 }, () => redis.multi().incr(key).incr(key).exec<number[]>())
    const singles = Array.from({ length: 20 }, () => redis.incr(key))
    const results = await Promise.all(transactions)
    await Promise.all(singles)
    for (const [first = 0, second] of results) expect(second).toBe(first + 1)
    expect(await redis.get(key)).toBe(60)
  })
})

describe('refusals', () => {
  it('wants the token, as a header or as a parameter', async () => {
    const wrong = await call('/ping', { headers: { authorization: 'Bearer nope' } })
    expect(wrong.status).toBe(401)
    expect(wrong.text).toContain('{"error":"WRONGPASS invalid or missing auth token')
    const inQuery = await fetch(`${bridge.url}/ping?_token=${TOKEN}`)
    expect(await inQuery.json()).toEqual({ result: 'PONG' })
  })

  it.each([
    ['a command that changes the connection', '/', '["SELECT",1]', 400, "Command is not available: 'SELECT'"],
    ['a push mode outside an event stream', '/subscribe/a', '', 400, "Command is not available: 'SUBSCRIBE'"],
    ['a blocking command', '/', '["xread","BLOCK",0,"STREAMS","a","$"]', 400, 'XREAD BLOCK'],
    ['an unknown command', '/', '["NOPE","a"]', 400, "Command is not available: 'NOPE'"],
    ['a failing command', '/', '["GET"]', 400, "ERR wrong number of arguments for 'get' command"],
    ['a body that is not JSON', '/', '["GET",', 400, 'ERR failed to parse command'],
    [
      '200 KB of nested JSON',
      '/',
      `["SET","k",${'['.repeat(1e5)}${']'.repeat(1e5)}]`,
      400,
      'ERR failed to parse command',
    ],
    ['200 KB of brackets', '/pipeline', '['.repeat(2e5), 400, 'ERR failed to parse pipeline request'],
    ['a body that is not an array', '/', '{"a":1}', 400, 'ERR failed to parse command'],
    ['no command', '/', '[]', 400, 'ERR empty command'],
    ['an empty pipeline', '/pipeline', '[]', 400, 'ERR empty pipeline request'],
    ['a pipeline of no arrays', '/pipeline', '["GET","a"]', 400, 'ERR failed to parse pipeline request'],
    [
      'JSON nested beyond reason',
      '/',
      `["SET","a",${'['.repeat(1e5)}${']'.repeat(1e5)}]`,
      400,
      'ERR failed to parse',
    ],
    ['an oversized body', '/set/a', 'x'.repeat(10 * 1024 * 1024 + 1), 400, 'ERR max request size exceeded'],
  ])('answers %s with an error', async (_what, path, body, status, message) => {
    const answer = await call(path, { method: 'POST', body })
    expect(answer.status).toBe(status)
    expect((JSON.parse(answer.text) as { error: string }).error).toContain(message)
  })

  it('allows no method but GET, HEAD, POST and PUT', async () => {
    const { status, headers } = await call('/ping', { method: 'DELETE' })
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, PUT'])
    expect(await call('/ping', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })
})

describe('the Redis behind the bridge', () => {
  /** All that it sends until it hangs up, or until there is as much as `enough`. */
  async function send(bytes: string, enough: number): Promise<{ text: string; ended: boolean }> {
    const { port, hostname } = new URL(bridge.redisUrl)
    const socket = connect(Number(port || 6379), hostname)
    const chunks: Buffer[] = []
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (Buffer.concat(chunks).length >= enough) socket.destroy()
    })
    let ended = false
    socket.on('end', () => {
      ended = true
    })
    socket.write(bytes)
    await new Promise((resolve) => socket.once('close', resolve))
    return { text: Buffer.concat(chunks).toString(), ended }
  }

  it.skipIf(REDIS_URL !== undefined)('hangs up on a web page that posts commands to it', async () => {
    const key = newKey()
    const body = `SET ${key} 1\r\n`
    const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n`
    expect((await send(head + body, Number.POSITIVE_INFINITY)).text).toBe('')
    expect((await send(body, Number.POSITIVE_INFINITY)).text).toBe('')
    expect(await redis.get(key)).toBeNull()
  })

  it.skipIf(REDIS_URL !== undefined)('does nothing for a client without its password', async () => {
    const { text } = await send('*1\r\n$8\r\nFLUSHALL\r\n', 7)
    expect(text).toMatch(/^-NOAUTH /)
  })

  it('answers ECHO', async () => {
    expect(await redis.echo('hällo')).toBe('hällo')
  })
})

describe('event streams', () => {
  it('delivers what is published to subscribers of a channel and of a pattern', async () => {
    const channel = newKey()
    const received: unknown[] = []
    const subscriber = redis.subscribe([channel])
    const patterns = redis.psubscribe([`${channel.slice(0, -1)}*`])
    const ready = [subscriber, patterns].map(
      (one, index) => new Promise((resolve) => one.on(index === 0 ? 'subscribe' : 'psubscribe', resolve)),
    )
    subscriber.on('message', (event) => received.push(event))
    patterns.on('pmessage', (event) => received.push(event))
    await Promise.all(ready)
    expect(await redis.publish(channel, { hello: 'you' })).toBe(2)
    await vi.waitFor(() => expect(received).toHaveLength(2))
    expect(received).toContainEqual({ channel, message: { hello: 'you' } })
    await Promise.all([subscriber.unsubscribe(), patterns.unsubscribe()])
    await vi.waitFor(async () => expect(await redis.publish(channel, 'bye')).toBe(0))
  })

  it('streams MONITOR', async () => {
    const key = newKey()
    const headers = { authorization: `Bearer ${TOKEN}`, accept: 'text/event-stream' }
    const controller = new AbortController()
    const response = await fetch(`${bridge.url}/monitor`, {
      method: 'POST',
      headers,
      signal: controller.signal,
    })
    await redis.get(key)
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      if (text.includes(key)) break
    }
    controller.abort()
    expect(text).toMatch(/^data: "OK"\n\ndata: \d+\.\d+ \[/)
  })
})

describe('faults', () => {
  it('Redis away: answers an error at once, and works again when Redis is back', async () => {
    const gate = await openGate(bridge.redisUrl)
    const gated = await startUpstashBridge({ redisUrl: gate.url, token: TOKEN })
    onTestFinished(async () => {
      await gated.close()
      await gate.close()
    })
    const ping = () => call('/ping', {}, gated.url)
    expect((await ping()).status).toBe(200)
    await gate.close()
    await vi.waitFor(async () => expect(await ping()).toMatchObject({ status: 503 }))
    await gate.open()
    await vi.waitFor(async () => expect(await ping()).toMatchObject({ status: 200 }), 5_000)
  })

  it('a client that leaves in the middle of its request: the others are served', async () => {
    const half = connect(bridge.port, '127.0.0.1')
    half.write(
      `POST / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${TOKEN}\r\ncontent-length: 100\r\n\r\n["GET`,
    )
    const full = connect(bridge.port, '127.0.0.1')
    full.write(`GET /ping HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`, () =>
      full.destroy(),
    )
    half.once('connect', () => half.destroy())
    await Promise.all([half, full].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    expect(await redis.ping()).toBe('PONG')
  })

  it('Redis not there at the start, or a taken port: says so', async () => {
    const taken = startUpstashBridge({ redisUrl: bridge.redisUrl, token: TOKEN, port: bridge.port })
    await expect(taken).rejects.toThrow(`port ${bridge.port}`)
    const gate = await openGate(bridge.redisUrl)
    await gate.close()
    await expect(startUpstashBridge({ redisUrl: gate.url, token: TOKEN })).rejects.toThrow(
      new URL(gate.url).host,
    )
  })

  it('an interceptor sees the commands, and may answer itself or lose the answer', async () => {
    const seen: (readonly string[])[] = []
    const intercept: Intercept = async ({ commands, execute, response }) => {
      seen.push(commands)
      if (commands[0] === 'ECHO') return { status: 500, headers: {}, body: '{"error":"made up"}' }
      if (commands[0] !== 'INCR') return execute()
      await execute()
      response.destroy()
      return null
    }
    const tampered = await startUpstashBridge({ redisUrl: bridge.redisUrl, token: TOKEN, intercept })
    onTestFinished(() => tampered.close())
    const client = new Redis({
      url: tampered.url,
      token: TOKEN,
      retry: { retries: 0 },
      enableAutoPipelining: false,
    })
    const key = newKey()
    await client.pipeline().set(key, 1).get(key).exec()
    await expect(client.echo('x')).rejects.toThrow('made up')
    await expect(client.incr(key)).rejects.toThrow()
    expect(await redis.get(key)).toBe(2)
    expect(seen).toEqual([['SET', 'GET'], ['ECHO'], ['INCR']])
  })
})

/** A TCP proxy before Redis that can go away and come back at the same address. */
async function openGate(redisUrl: string) {
  const target = new URL(redisUrl)
  const sockets = new Set<Socket>()
  let server: Server
  let port = 0
  const open = async (): Promise<void> => {
    server = createServer((client) => {
      const upstream = connect(Number(target.port || 6379), target.hostname)
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on('error', () => socket.destroy())
      }
      client.pipe(upstream).pipe(client)
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
  }
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await open()
  const url = new URL(target)
  url.host = `127.0.0.1:${port}`
  return { url: url.href, open, close }
}
