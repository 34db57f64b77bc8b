import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { WORKER_BUNDLE } from '../support/build-worker.ts'
import { startStores } from '../support/stores.ts'
import { benchCommits } from './commits/bench-commits.ts'
import { benchFlush, type FlushResult } from './flush.ts'
import { benchRedirects, type RedirectResult } from './redirects.ts'

/**
 * One short round of every benchmark, so that they cannot rot. What is asserted are counts, which are the same on every
 * machine; never a time.
 */
const ANYWHERE = { server: null, load: null }

describe('the redirect benchmark', () => {
  let result: RedirectResult
  const afterRounds: RedirectResult[] = []

  beforeAll(async () => {
    const sizes = { warmLinks: 300, coldLinks: 20_000, distinctCodes: 500 }
    const short = { rounds: 1, seconds: 1, connections: 1, steadySeconds: 8 }
    result = await benchRedirects({ ...short, ...sizes }, ANYWHERE, (soFar) => afterRounds.push(soFar))
  }, 600_000)

  test.each([
    ['hot', { redis: 0, postgres: 0 }],
    ['head', { redis: 0, postgres: 0 }],
    ['absent again', { redis: 0, postgres: 0 }],
    ['warm', { redis: 1, postgres: 0 }],
    // The plain read, then the lease.
    ['cold', { redis: 2, postgres: 1 }],
    ['absent', { redis: 2, postgres: 1 }],
  ] as const)('%s: its answer waits for %o', (name, before) => {
    expect(result.counts[name].before).toEqual(before)
  })

  test.each([
    // The hit's commit: the script and four commands in it at most.
    ['hot', { redisRequests: 1, sqlStatements: 0 }, 5],
    ['head', { redisRequests: 0, sqlStatements: 0 }, 0],
    // The commit of a code that is missed: as a hit's, without a counter.
    ['absent again', { redisRequests: 1, sqlStatements: 0 }, 4],
    // One for the read.
    ['warm', { redisRequests: 2, sqlStatements: 0 }, 6],
    // The read, the lease, the fill and the commit.
    ['cold', { redisRequests: 4, sqlStatements: 1 }, 14],
    ['absent', { redisRequests: 4, sqlStatements: 1 }, 13],
  ] as const)('%s: costs %o and few enough Redis commands', (name, requests, commands) => {
    expect(result.counts[name]).toMatchObject(requests)
    expect(result.counts[name].redisCommands ?? 0).toBeLessThanOrEqual(commands)
  })

  test.each([
    [1, 1.3],
    [10, 0.3],
    [100, 0.05],
  ])(
    'at %i redirects/s of one link, each costs at most %f Redis commands, and Postgres sleeps',
    (rate, most) => {
      const { redirects = 0, redisRequests = 0, redisCommands, sqlStatements } = result.steady[rate] ?? {}
      expect(redirects).toBeGreaterThan(rate)
      // So short a round may begin with the commit of hits from before it.
      const commands = (redisCommands ?? 5 * redisRequests) - 5
      expect(commands / redirects).toBeLessThanOrEqual(most)
      expect(sqlStatements).toBe(0)
    },
  )

  test('measures every subject', () => {
    expect(result.summaries.map(({ name }) => name)).toEqual([
      'shared',
      'hono',
      'hot',
      'head',
      'absent',
      'warm',
      'cold',
    ])
  })

  test('has a whole result after each round, so that an interrupted run is not lost', () => {
    expect(afterRounds).toEqual([result])
  })

  test('measures hot redirects beside the bare Worker that shares its response too', () => {
    const beside = result.summaries.filter(({ sharedThroughputRatio }) => sharedThroughputRatio !== null)
    expect(beside.map(({ name }) => name)).toEqual(['hot', 'head'])
  })
})

describe('the flush benchmark', () => {
  let result: FlushResult

  beforeAll(async () => {
    // The embedded Redis takes seconds for a script that a real one runs in milliseconds.
    result = await benchFlush(process.env.STORES === 'services' ? [1_000, 30_000] : [500], null)
  }, 600_000)

  test('an empty flush is one Redis request and leaves Postgres asleep', () => {
    expect(result.empty).toMatchObject({ redisRequests: 1, sqlStatements: 0 })
  })

  test('takes at most one SQL statement for every 10,000 links and two more', () => {
    for (const { links, sqlStatements } of result.dirty) {
      expect(sqlStatements).toBeLessThanOrEqual(Math.ceil(links / 10_000) + 2)
    }
  })
})

describe('the commits benchmark', () => {
  test.each([
    ['straight to Redis', false],
    ['through the bridge', true],
  ])('%s: Redis has every hit that was committed', async (_, isBridged) => {
    const stores = await startStores()
    const short = { isolates: [20], seconds: 1, readsPerSecond: 40, rounds: 1 }
    const shapes = ['one link', 'each its own', 'each 50 of its own'] as const
    const rows = await benchCommits({ ...short, shapes, isBridged, redisUrl: stores.redisUrl })
    await stores.close()
    const [reads, ...commits] = rows
    expect(reads).toMatchObject({ isolates: 0, commits: 0 })
    expect(commits.map((row) => [row.hits, row.commits, row.counted])).toEqual(
      shapes.map((shape) => [shape, 20, 1]),
    )
  })
})

test('the Worker with its API is at most 200 KiB, compressed', () => {
  expect(gzipSync(readFileSync(WORKER_BUNDLE)).length).toBeLessThanOrEqual(200 * 1024)
})
