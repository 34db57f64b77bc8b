/**
 * @module
 * `npm run bench:commits`: how many isolates one Redis takes, each committing once a second while others read links, and for
 * how long each of linkr's scripts keeps Redis from everything else. Needs `redis-server`, or a Redis at REDIS_URL.
 * Options: `--isolates 100,1000`, `--seconds 4`, `--rounds 3`, `--bridge` (by HTTP through the local bridge), `--pauses` (only these).
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
  /** Of each row the round with the lowest p99 is kept: what else the machine does is not what is measured. */
  readonly rounds: number
  readonly onRow?: (row: CommitsRow) => void
}

export interface CommitsRow extends LoadRow {
  /** CPU time of Redis for a commit, network included and reads subtracted, in µs; `null` = it does not tell. */
  readonly commitUs: number | null
}

/** What a Worker's hits may take before a commit window is noticeably longer. */
const GOAL_MS = 50
/** A row this far above ends the raising of its shape. */
const HOPELESS_MS = 4 * GOAL_MS
/** Open for commits, and one for the readers. */
const CONNECTIONS = 4

const keyPrefix = (): string => `linkr-bench-${crypto.randomUUID()}:`

/** The first row is of reads alone. */
export async function benchCommits(options: CommitsOptions): Promise<readonly CommitsRow[]> {
  const { redisUrl, isolates, shapes, seconds, readsPerSecond, isBridged, rounds, onRow } = options
  const redis = await connectRedis(redisUrl)
  const { clients, close } = await (isBridged ? bridged(redisUrl) : direct(redisUrl))
  const [reader, ...committers] = clients
  if (reader === undefined) throw new Error('There is no connection to read by')
  const measureRound = (count: number, shape: Shape): Promise<LoadRow> =>
    measureLoad({
      ...{ isolates: count, shape, seconds, readsPerSecond, reader, redis },
      ...{ clients: committers, keyPrefix: keyPrefix() },
    })
  let busyWithReads: number | null = null
  async function measure(count: number, shape: Shape): Promise<CommitsRow> {
    let best = await measureRound(count, shape)
    for (let round = 1; round < rounds; round++) {
      const row = await measureRound(count, shape)
      if (goalOf(row) < goalOf(best)) best = row
    }
    const { redisBusy } = best
    const busy = redisBusy === null || busyWithReads === null ? null : redisBusy - busyWithReads
    return { ...best, commitUs: busy === null || count === 0 ? null : (1e6 * busy) / count }
  }
  const rows: CommitsRow[] = []
  const add = (row: CommitsRow): void => {
    rows.push(row)
    onRow?.(row)
  }
  try {
    const reads = await measure(0, 'one link')
    busyWithReads = reads.redisBusy
    add(reads)
    for (const shape of shapes) {
      for (const count of isolates) {
        const row = await measure(count, shape)
        add(row)
        if (row.p99 > HOPELESS_MS) break
      }
    }
    return rows
  } finally {
    redis.destroy()
    await close()
  }
}

/** What is compared between rounds. */
const goalOf = ({ isolates, p99, readP99 }: LoadRow): number => (isolates === 0 ? readP99 : p99)

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

const ms = (value: number): string => (Number.isNaN(value) ? '' : value.toFixed(value < 10 ? 1 : 0))
const percent = (share: number | null): string => (share === null ? '?' : `${(100 * share).toFixed(0)} %`)

function printRow(row: CommitsRow): void {
  const cells = [
    row.isolates,
    row.hits,
    ...[row.p50, row.p99, row.max, row.readP99].map(ms),
    percent(row.redisBusy),
    row.scriptUs?.toFixed(0) ?? '?',
    row.commitUs?.toFixed(0) ?? '?',
    row.commandsPerCommit?.toFixed(2) ?? '?',
    percent(row.loadBusy),
    percent(row.counted),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

const LOAD_HEAD = `| isolates | hits of | p50 ms | p99 ms | max ms | GET p99 ms | Redis busy | script µs | Redis CPU µs a commit | commands a commit | load busy | counted |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`

const PAUSES_HEAD = `| Redis does nothing else for | CPU ms | shortest ms | median ms | longest ms |
| --- | ---: | ---: | ---: | ---: |`

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      isolates: { type: 'string', default: '100,1000,2000,5000,10000' },
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
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
        rounds: Number(values.rounds),
        onRow: printRow,
      })
    }
    const [pauses, memory] = values.bridge ? [[], null] : await benchPauses(redis.url)
    if (pauses.length > 0) console.log(PAUSES_HEAD)
    for (const { what, cpu, shortest, median, longest } of pauses) {
      const figures = [cpu, shortest, median, longest].map((value) => value?.toFixed(2) ?? '?')
      console.log(`| ${[what, ...figures].join(' | ')} |`)
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
