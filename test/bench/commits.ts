/**
 * @module
 * `npm run bench:commits`: how many isolates one Redis takes, each committing once a second while others read links, and for
 * how long each of linkr's scripts keeps Redis from everything else. Needs `redis-server`, or a Redis at REDIS_URL.
 * Options: `--isolates 100,1000`, `--seconds 5`, `--bridge` (by HTTP through the local bridge), `--pauses` (only these).
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { startUpstashBridge } from '../../src/local/upstash-bridge.ts'
import type { RedisClient } from '../../src/redis/client.ts'
import { connectRedis, startBenchRedis } from './commits/bench-redis.ts'
import { directTransport } from './commits/direct-transport.ts'
import { clientOver, clientOverHttp } from './commits/isolates.ts'
import { type LoadRow, measureLoad, SHAPES, type Shape } from './commits/load-row.ts'
import { measurePauses, measureWriters, type Pause, type WriterMemory } from './commits/redis-pauses.ts'
import { divideCores } from './cores.ts'
import { saveResult } from './results.ts'

export interface CommitsOptions {
  readonly redisUrl: string
  readonly isolates: readonly number[]
  readonly shapes: readonly Shape[]
  readonly seconds: number
  readonly readsPerSecond: number
  readonly isBridged: boolean
  readonly onRow?: (row: LoadRow) => void
}

/** What a Worker's hits may take before a commit window is noticeably longer. */
const GOAL_MS = 50
/** A row this far above ends the raising of its shape. */
const HOPELESS_MS = 4 * GOAL_MS
/** Open for commits, and one for the readers. */
const CONNECTIONS = 4

const keyPrefix = (): string => `linkr-bench-${crypto.randomUUID()}:`

export async function benchCommits(options: CommitsOptions): Promise<readonly LoadRow[]> {
  const { redisUrl, isolates, shapes, seconds, readsPerSecond, isBridged, onRow } = options
  const redis = await connectRedis(redisUrl)
  const { clients, close } = await (isBridged ? bridged(redisUrl) : direct(redisUrl))
  const [reader, ...committers] = clients
  if (reader === undefined) throw new Error('There is no connection to read by')
  const rows: LoadRow[] = []
  try {
    for (const shape of shapes) {
      for (const count of isolates) {
        const row = await measureLoad({
          ...{ isolates: count, shape, seconds, readsPerSecond, reader, redis },
          ...{ clients: committers, keyPrefix: keyPrefix() },
        })
        rows.push(row)
        onRow?.(row)
        if (row.p99 > HOPELESS_MS) break
      }
    }
    return rows
  } finally {
    redis.destroy()
    await close()
  }
}

interface Connected {
  readonly clients: readonly RedisClient[]
  close(): Promise<void>
}

async function direct(redisUrl: string): Promise<Connected> {
  const connecting = Array.from({ length: CONNECTIONS + 1 }, () => connectRedis(redisUrl))
  const connections = await Promise.all(connecting)
  return {
    clients: connections.map((connection) => clientOver(directTransport(connection))),
    async close() {
      for (const connection of connections) connection.destroy()
    },
  }
}

async function bridged(redisUrl: string): Promise<Connected> {
  const bridge = await startUpstashBridge({ redisUrl, token: crypto.randomUUID() })
  const client = clientOverHttp(bridge.url, bridge.token)
  return { clients: [client, client], close: () => bridge.close() }
}

export async function benchPauses(redisUrl: string): Promise<[readonly Pause[], WriterMemory]> {
  const redis = await connectRedis(redisUrl)
  const connection = await connectRedis(redisUrl)
  const client = clientOver(directTransport(connection))
  const options = { client, redis, keyPrefix: keyPrefix(), writers: 10_000, sealedSegments: 50 }
  try {
    return [await measurePauses(options), await measureWriters(options)]
  } finally {
    redis.destroy()
    connection.destroy()
  }
}

const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0)
const percent = (share: number | null): string => (share === null ? '?' : `${(100 * share).toFixed(0)} %`)

function printRow(row: LoadRow): void {
  const cells = [
    row.isolates,
    row.hits,
    ...[row.p50, row.p99, row.max, row.readP99].map(ms),
    percent(row.redisBusy),
    row.scriptUs?.toFixed(0) ?? '?',
    row.commandsPerCommit?.toFixed(2) ?? '?',
    percent(row.loadBusy),
    percent(row.counted),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

const LOAD_HEAD = `| isolates | hits of | p50 ms | p99 ms | max ms | GET p99 ms | Redis busy | µs a script | commands a commit | load busy | counted |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      isolates: { type: 'string', default: '100,1000,2000,5000,10000' },
      seconds: { type: 'string', default: '5' },
      bridge: { type: 'boolean', default: false },
      pauses: { type: 'boolean', default: false },
    },
  })
  const redis = await startBenchRedis(divideCores().server)
  try {
    let rows: readonly LoadRow[] = []
    if (!values.pauses) {
      console.log(LOAD_HEAD)
      rows = await benchCommits({
        redisUrl: redis.url,
        isolates: values.isolates.split(',').map(Number),
        shapes: Object.keys(SHAPES) as Shape[],
        seconds: Number(values.seconds),
        readsPerSecond: 2_000,
        isBridged: values.bridge,
        onRow: printRow,
      })
    }
    const [pauses, memory] = values.bridge ? [[], null] : await benchPauses(redis.url)
    console.log(
      '| Redis does nothing else for | shortest ms | median ms | longest ms |\n| --- | ---: | ---: | ---: |',
    )
    for (const { what, shortest, median, longest } of pauses) {
      console.log(
        `| ${[what, ...[shortest, median, longest].map((value) => value.toFixed(3))].join(' | ')} |`,
      )
    }
    if (memory !== null) console.log(`10,000 isolates: ${memory.busy} B, and ${memory.idle} B once forgotten`)
    console.log(
      `Load average at the end: ${loadavg()
        .map((load) => load.toFixed(1))
        .join(', ')}`,
    )
    saveResult('commits', { rows, pauses, memory })
  } finally {
    await redis.close()
  }
  process.exit(0)
}
