/**
 * @module
 * `npm run bench:flush`: what a cron costs by the number of links with hits, and one that finds nothing.
 * Option: `--links 1000,100000,1000000`.
 */
import { parseArgs } from 'node:util'
import { createBreaker } from '../../src/breaker.ts'
import { createHitCounters } from '../../src/hits/hit-counters.ts'
import { createRedisClient } from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import type { Stores } from '../support/stores.ts'
import { buildCron, buildLinkr } from './build.ts'
import { cpuMicroseconds, divideCores } from './cores.ts'
import { type Fixture, startFixture } from './fixture.ts'
import { meterHeap } from './heap-meter.ts'
import { saveResult } from './results.ts'
import { type RunningWorkerd, startWorkerd } from './workerd.ts'

export interface FlushMeasurement {
  /** Links that have hits to flush. */
  readonly links: number
  readonly seconds: number
  /** CPU time of the Worker's process; `null` where the system does not tell. */
  readonly cpuSeconds: number | null
  readonly sqlStatements: number
  readonly redisRequests: number
  /** Most that the isolate used at any time, garbage included, in bytes. */
  readonly heapPeak: number
}

export interface FlushResult {
  readonly empty: FlushMeasurement
  readonly dirty: readonly FlushMeasurement[]
}

export async function benchFlush(sizes: readonly number[], core: number | null): Promise<FlushResult> {
  const fixture = await startFixture()
  const linkr = buildLinkr().script
  const cron = buildCron().script
  const measure = async (links: number): Promise<FlushMeasurement> => {
    await seedHits(fixture, links)
    // A process of its own for each size, so that one's garbage is not the other's peak.
    const worker = await startWorkerd({
      name: 'flush',
      servers: [
        {
          name: 'linkr',
          script: linkr,
          bindings: { ...fixture.bindings, POSTGRES_TIMEOUT_MS: '30000', SUBREQUESTS: '10000' },
        },
        { name: 'cron', script: cron, services: { LINKR: 'linkr' } },
      ],
      core,
      inspect: true,
    })
    try {
      return await flushOnce(fixture.stores, worker, links)
    } finally {
      await worker.close()
    }
  }
  // The hourly reconciliation would ride along with whichever comes first; it does not belong to a flush.
  await fixture.stores.redis('SET', createKeys(fixture.stores.keyPrefix).reconciled, '1')
  try {
    const dirty: FlushMeasurement[] = []
    for (const links of sizes) dirty.push(await measure(links))
    return { empty: await measure(0), dirty }
  } finally {
    await fixture.stores.close()
  }
}

async function flushOnce(stores: Stores, worker: RunningWorkerd, links: number): Promise<FlushMeasurement> {
  await fetch(`${worker.urls.get('linkr')}/health`)
  const meter = await meterHeap(`${worker.inspector}/linkr`)
  stores.redisFaults.resetCounts()
  stores.postgresFaults.resetCounts()
  const before = await totalHits(stores)
  const cpuBefore = cpuMicroseconds(worker.pid)
  const startedAt = performance.now()
  const response = await fetch(worker.urls.get('cron') ?? '')
  const seconds = (performance.now() - startedAt) / 1000
  const cpuAfter = cpuMicroseconds(worker.pid)
  const heapPeak = meter.peak()
  meter.close()
  const flushed = (await totalHits(stores)) - before
  if (!response.ok || flushed !== links) {
    throw new Error(`The cron ended with ${await response.text()} and flushed ${flushed} of ${links} hits.`)
  }
  return {
    links,
    seconds,
    cpuSeconds: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / 1e6,
    sqlStatements: stores.postgresFaults.commands.length,
    redisRequests: stores.redisFaults.requests,
    heapPeak,
  }
}

async function totalHits(stores: Stores): Promise<number> {
  const [row] = await stores.sql<{ hits: string }>('SELECT coalesce(sum(hits), 0) AS hits FROM link_hits')
  return Number(row?.hits)
}

/** Links that an isolate commits at a time in a busy second. */
const COMMIT_SIZE = 500

/** One hit for each link, committed as isolates do. */
async function seedHits({ stores, bindings }: Fixture, links: number): Promise<void> {
  if (links === 0) return
  const code = `flush${links}-`
  const rows = await stores.sql<{ id: string }>(
    "INSERT INTO links (domain, code, url) SELECT '*', $1 || n, 'https://example.com/' FROM generate_series(1, $2) AS n RETURNING id",
    [code, links],
  )
  const redis = createRedisClient(
    {
      url: bindings.UPSTASH_REDIS_REST_URL ?? '',
      token: bindings.UPSTASH_REDIS_REST_TOKEN ?? '',
      keyPrefix: stores.keyPrefix,
      timeoutMs: 30_000,
      retries: 0,
    },
    createBreaker({ now: Date.now, isOutage: () => false }),
  )
  const counters = createHitCounters({
    redis,
    backgroundRedis: redis,
    keys: createKeys(stores.keyPrefix),
    now: Date.now,
    changeLog: { cursor: () => '', receive() {}, missed() {} },
  })
  let sequence = Date.now()
  for (let i = 0; i < rows.length; i += COMMIT_SIZE) {
    const hits = new Map(rows.slice(i, i + COMMIT_SIZE).map(({ id }) => [id, 1]))
    await counters.commit({ isolate: 'bench', sequence: sequence++, hits, visits: '' })
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { links: { type: 'string', default: '1000,100000,1000000' } } })
  const result = await benchFlush(values.links.split(',').map(Number), divideCores().server)
  console.table([result.empty, ...result.dirty])
  saveResult('flush', result)
  process.exit(0)
}
