import { startUpstashBridge } from '../../../src/local/upstash-bridge.ts'
import type { RedisClient } from '../../../src/redis/client.ts'
import { connectRedis } from './bench-redis.ts'
import { directTransport } from './direct-transport.ts'
import { clientOver, clientOverHttp } from './isolates.ts'
import { type LoadRow, measureLoad, type Shape } from './load-row.ts'

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
const HOPELESS_MS = 2 * GOAL_MS
/** Open for commits, and one for the readers. */
const CONNECTIONS = 4

/** Of one measurement's own, so that nothing of another is in the way. */
export const newKeyPrefix = (): string => `linkr-bench-${crypto.randomUUID()}:`

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
      ...{ clients: committers, keyPrefix: newKeyPrefix() },
    })
  let busyWithReads: number | null = null
  async function measure(count: number, shape: Shape): Promise<CommitsRow> {
    let best = await measureRound(count, shape)
    for (let round = 1; round < rounds; round++) {
      const row = await measureRound(count, shape)
      if (goalOf(row) < goalOf(best)) best = row
    }
    const { redisBusy, commitsPerSecond } = best
    const busy = redisBusy === null || busyWithReads === null ? null : redisBusy - busyWithReads
    return {
      ...best,
      commitUs: busy === null || commitsPerSecond === null ? null : (1e6 * busy) / commitsPerSecond,
    }
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
