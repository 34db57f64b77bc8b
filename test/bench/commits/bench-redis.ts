import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createClient } from '@redis/client'
import getPort from 'get-port'
import { pinned } from '../cores.ts'

/** A Redis to load. */
export interface BenchRedis {
  readonly url: string
  close(): Promise<void>
}

export type RedisConnection = Awaited<ReturnType<typeof connectRedis>>

/** A server of this run's own on a core of its own, which keeps nothing; where there is none, the one at REDIS_URL. */
export async function startBenchRedis(core: number | null): Promise<BenchRedis> {
  if (!hasRedisServer()) {
    const url = process.env.REDIS_URL
    if (url === undefined) throw new Error('Install redis-server, or set REDIS_URL to a Redis to load')
    return { url, close: async () => {} }
  }
  const port = await getPort()
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no' }
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = spawn(...pinned(core, 'redis-server', flags), { stdio: 'ignore' })
  const exited = once(server, 'exit')
  process.once('exit', () => server.kill())
  // A signal alone ends Node without that event.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  return {
    url: `redis://127.0.0.1:${port}`,
    async close() {
      server.kill()
      await exited
    },
  }
}

function hasRedisServer(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Waits for a server that is starting. */
export async function connectRedis(url: string) {
  const client = createClient({
    url,
    RESP: 2,
    disableClientInfo: true,
    socket: { reconnectStrategy: (retries) => (retries < 100 ? 50 : new Error(`No Redis at ${url}`)) },
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

export async function deleteKeys(redis: RedisConnection, prefix: string): Promise<void> {
  for await (const keys of redis.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    if (keys.length > 0) await redis.unlink(keys)
  }
}
