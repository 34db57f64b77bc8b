import type { RedisClient } from '../../../src/redis/client.ts'
import { createKeys } from '../../../src/redis/keys.ts'
import { claimHits, releaseHits } from '../../../src/redis/scripts/flush-hits.ts'
import { type ClaimedSegment, SEGMENT_LINKS, WRITER_TTL_MS } from '../../../src/redis/scripts/hit-segment.ts'
import { pendingHits, waitingHits } from '../../../src/redis/scripts/pending-hits.ts'
import { median } from '../statistics.ts'
import { deleteKeys, type RedisConnection } from './bench-redis.ts'
import { newIsolate } from './isolates.ts'
import { redisUsage, scriptUsage, usageBetween } from './redis-usage.ts'

export interface PausesOptions {
  readonly client: RedisClient
  readonly redis: RedisConnection
  readonly keyPrefix: string
  /** Isolates that have committed lately. */
  readonly writers: number
  readonly sealedSegments: number
}

/** For how long Redis does nothing else, in ms. What else runs on the machine adds to the longest before all. */
export interface Pause {
  readonly what: string
  /** CPU time of Redis, the reply included; `null` = it does not tell. The median. */
  readonly cpu: number | null
  readonly shortest: number
  readonly median: number
  readonly longest: number
}

export interface WriterMemory {
  /** Bytes that Redis holds for the isolates, when a segment has just been sealed. */
  readonly busy: number
  /** The same after the next seal, when they have been silent for so long that they are forgotten. */
  readonly idle: number
}

const RUNS = 9
const COMMIT_SIZES = [1, 50, 500, 2_000]

const ids = (count: number, first = 1): string[] => Array.from({ length: count }, (_, i) => String(first + i))
const thousands = (n: number): string => n.toLocaleString('en')

/** What linkr's scripts cost at the greatest sizes that they meet. */
export async function measurePauses(options: PausesOptions): Promise<readonly Pause[]> {
  const { client, redis, keyPrefix, writers, sealedSegments } = options
  const keys = createKeys(keyPrefix)
  const fixture = pauseFixture(options)
  let isolate = newIsolate(client, keys)
  const pauses: Pause[] = []

  async function measure(what: string, run: () => Promise<unknown>, before = async () => {}): Promise<void> {
    const runs: number[] = []
    const cpu: number[] = []
    for (let i = 0; i < RUNS; i++) {
      await before()
      const earlier = await redisUsage(redis)
      await run()
      const used = usageBetween(earlier, await redisUsage(redis))
      runs.push(scriptUsage(used).microseconds / 1000)
      if (used.cpuSeconds !== null) cpu.push(1000 * used.cpuSeconds)
    }
    pauses.push({
      what,
      cpu: cpu.length === 0 ? null : median(cpu),
      shortest: Math.min(...runs),
      median: median(runs),
      longest: Math.max(...runs),
    })
  }

  await isolate.commit(['1'])
  for (const size of COMMIT_SIZES) {
    await measure(`a commit, links: ${thousands(size)}`, () => isolate.commit(ids(size)))
  }

  const full = `${thousands(SEGMENT_LINKS)} links of ${thousands(writers)} isolates`
  let claimed: readonly ClaimedSegment[] = []
  const claim = async (sealOpen: boolean): Promise<void> => {
    claimed = (await claimHits(client, keys, sealOpen, Date.now())).segments
  }
  let nextLink = 1_000_000
  const seals = async (): Promise<void> => {
    nextLink += 50
    await isolate.commit(ids(50, nextLink))
  }
  const sealedBefore = await redis.lLen(keys.sealedHits)
  await measure(`a commit that seals ${full}`, seals, fixture.fullSegment)
  const sealed = (await redis.lLen(keys.sealedHits)) - sealedBefore
  if (sealed !== RUNS) throw new Error(`${RUNS} commits sealed ${sealed} segments`)
  await redis.unlink(keys.sealedHits)
  await measure('a flush that seals and claims them', () => claim(true), fixture.fullSegment)
  await measure('a flush that claims them', () => claim(false))
  await measure(
    'a flush that releases them',
    () => releaseHits(client, keys, claimed),
    async () => {
      await fixture.fullSegment()
      await claim(true)
    },
  )

  await deleteKeys(redis, keyPrefix)
  isolate = newIsolate(client, keys)
  for (let i = 0; i < sealedSegments; i++) {
    await fixture.fullSegment()
    await seals()
  }
  await fixture.fullSegment()
  const found = await redis.lLen(keys.sealedHits)
  if (found !== sealedSegments) throw new Error(`${found} segments are sealed instead of ${sealedSegments}`)
  const counters = thousands((sealedSegments + 1) * SEGMENT_LINKS)
  await measure(`supervision, counters waiting: ${counters}`, () => waitingHits(client, keys))
  await measure(`pending hits of 100 links, counters waiting: ${counters}`, () =>
    pendingHits(client, keys, ids(100)),
  )
  await deleteKeys(redis, keyPrefix)
  return pauses
}

export async function measureWriters(options: PausesOptions): Promise<WriterMemory> {
  const { client, redis, keyPrefix, writers } = options
  const keys = createKeys(keyPrefix)
  const fixture = pauseFixture(options)
  const bytes = async (): Promise<number> => {
    const sizes = [keys.hitWriters, keys.sealedWriters].map((key) =>
      redis.sendCommand<number | null>(['MEMORY', 'USAGE', key, 'SAMPLES', '0']),
    )
    return (await Promise.all(sizes)).reduce<number>((sum, size) => sum + (size ?? 0), 0)
  }
  const flushAt = (at: number) => claimHits(client, keys, true, at)
  const now = Date.now()
  await fixture.scoreWriters(now)
  await newIsolate(client, keys).commit(['1'])
  await flushAt(now)
  const busy = await bytes()
  const remembered = await redis.zCard(keys.hitWriters)
  if (remembered !== writers + 1) throw new Error(`Redis remembers ${remembered} isolates of ${writers + 1}`)
  await newIsolate(client, keys).commit(['1'])
  await flushAt(now + WRITER_TTL_MS + 60_000)
  const idle = await bytes()
  await deleteKeys(redis, keyPrefix)
  return { busy, idle }
}

function pauseFixture({ redis, keyPrefix, writers }: PausesOptions) {
  const keys = createKeys(keyPrefix)
  const scoreWriters = async (at: number): Promise<void> => {
    for (let first = 0; first < writers; first += 1_000) {
      const count = Math.min(1_000, writers - first)
      const members = Array.from({ length: count }, (_, i) => {
        const isolate = `01234567-89ab-4cde-8f01-${String(first + i).padStart(12, '0')}`
        return { value: isolate, score: at }
      })
      await redis.zAdd(keys.hitWriters, members)
    }
  }
  return {
    scoreWriters,
    /** The segment being filled is full, and all isolates have something in it. */
    async fullSegment(): Promise<void> {
      for (let first = 1; first <= SEGMENT_LINKS; first += 1_000) {
        await redis.hSet(keys.hits, Object.fromEntries(ids(1_000, first).map((id) => [id, '12'])))
      }
      await scoreWriters(Date.now())
    },
  }
}
