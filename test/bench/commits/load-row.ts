import { performance } from 'node:perf_hooks'
import { withExpiry } from '../../../src/cache/freshness.ts'
import type { RedisClient } from '../../../src/redis/client.ts'
import { createKeys } from '../../../src/redis/keys.ts'
import { getRegister } from '../../../src/redis/scripts/registers.ts'
import { encodeRegister } from '../../../src/registers/codec.ts'
import { linkCodec } from '../../../src/registers/link-codec.ts'
import { sampleLink } from '../../support/sample-link.ts'
import { deleteKeys, type RedisConnection } from './bench-redis.ts'
import { newIsolate } from './isolates.ts'
import { openLoop, percentile } from './open-loop.ts'
import { redisUsage, scriptUsage, usageBetween } from './redis-usage.ts'

/** Which links the hits of a commit are of. */
export const SHAPES = {
  'one link': (): string[] => ['1'],
  'each its own': (isolate: number): string[] => [String(isolate + 1)],
  'each 50 of its own': (isolate: number): string[] =>
    Array.from({ length: 50 }, (_, i) => String(50 * isolate + i + 1)),
} as const
export type Shape = keyof typeof SHAPES

export interface LoadOptions {
  readonly isolates: number
  readonly shape: Shape
  readonly seconds: number
  readonly readsPerSecond: number
  /** Linkr's client on each connection that is open for commits. */
  readonly clients: readonly RedisClient[]
  readonly reader: RedisClient
  /** For supervision, past what is measured. */
  readonly redis: RedisConnection
  readonly keyPrefix: string
}

/** Times in ms, counted from when a commit or a read was due. */
export interface LoadRow {
  readonly isolates: number
  readonly hits: Shape
  readonly commits: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly readP99: number
  /** Of one core; `null` = Redis does not tell. */
  readonly redisBusy: number | null
  /** Of Redis's time, what a commit's script takes, in µs. */
  readonly scriptUs: number | null
  readonly commandsPerCommit: number | null
  /** That came to Redis in a second; fewer than isolates when the load is late. */
  readonly commitsPerSecond: number | null
  /** Of the load generator's core; near 1 it is the load generator that is measured. */
  readonly loadBusy: number
  /** What Redis has in the end of what was committed, the first second included: 1 = everything. */
  readonly counted: number
}

const READERS = 4
const REGISTERS = 1_000

/** Isolates that each commit once a second while others read links. */
export async function measureLoad(options: LoadOptions): Promise<LoadRow> {
  const { isolates, shape, seconds, readsPerSecond, clients, reader, redis, keyPrefix } = options
  const keys = createKeys(keyPrefix)
  const registers = Array.from({ length: REGISTERS }, (_, i) => keys.register({ domain: '*', code: `r${i}` }))
  const link = sampleLink({ url: 'https://example.com/a/page?of=some#length' })
  const text = encodeRegister(withExpiry({ version: 1, value: link }, 5, Date.now(), Math.random), linkCodec)
  await Promise.all(registers.map((key) => redis.set(key, text)))
  const fleet = Array.from({ length: isolates }, (_, i) => {
    const client = clients[i % clients.length]
    if (client === undefined) throw new Error('There is no connection to commit by')
    return newIsolate(client, keys)
  })
  const linksOf = fleet.map((_, i) => SHAPES[shape](i))
  let before = await redisUsage(redis)
  let loopBefore = performance.eventLoopUtilization()
  let measuringSince = performance.now()
  const committing = openLoop({
    ...{ actors: isolates, perSecond: 1, warmUpSeconds: 1, seconds },
    act: async (i) => fleet[i]?.commit(linksOf[i] ?? []),
  })
  const reading = openLoop({
    ...{ actors: READERS, perSecond: readsPerSecond / READERS, warmUpSeconds: 1, seconds },
    act: () => getRegister(reader, registers[Math.floor(Math.random() * REGISTERS)] ?? ''),
    async onMeasure() {
      before = await redisUsage(redis)
      loopBefore = performance.eventLoopUtilization()
      measuringSince = performance.now()
    },
  })
  const [commits, reads] = await Promise.all([committing, reading])
  const elapsedMs = performance.now() - measuringSince
  const loop = performance.eventLoopUtilization(loopBefore)
  const used = usageBetween(before, await redisUsage(redis))
  const counted = await countedHits(redis, keyPrefix)
  await deleteKeys(redis, keyPrefix)

  const script = scriptUsage(used)
  const ran = [...used.commands].filter(([name]) => !['get', 'info'].includes(name))
  const calls = ran.reduce((sum, [, usage]) => sum + usage.calls, 0)
  return {
    ...{ isolates, hits: shape, commits: commits.length },
    p50: percentile(commits, 0.5),
    p99: percentile(commits, 0.99),
    max: commits.at(-1) ?? Number.NaN,
    readP99: percentile(reads, 0.99),
    redisBusy: used.cpuSeconds === null ? null : (1000 * used.cpuSeconds) / elapsedMs,
    scriptUs: script.calls === 0 ? null : script.microseconds / script.calls,
    commandsPerCommit: script.calls === 0 ? null : calls / script.calls,
    commitsPerSecond: script.calls === 0 ? null : (1000 * script.calls) / elapsedMs,
    loadBusy: loop.utilization,
    counted: counted / (isolates * (seconds + 1) * SHAPES[shape](0).length),
  }
}

/** All hits that wait, in the segment being filled and in sealed ones. */
async function countedHits(redis: RedisConnection, keyPrefix: string): Promise<number> {
  const keys = createKeys(keyPrefix)
  const sealed = await redis.lRange(keys.sealedHits, 0, -1)
  let hits = 0
  for (const segment of [keys.hits, ...sealed.map((id) => keys.sealedHitsPrefix + id)]) {
    for (const [field, count] of Object.entries(await redis.hGetAll(segment))) {
      if (/^\d+$/.test(field)) hits += Number(count)
    }
  }
  return hits
}
