/**
 * @module
 * `npm run bench:commits`: how many isolates one Redis takes, each committing once a second while others read links, and for
 * how long each of linkr's scripts keeps Redis from everything else. Needs `redis-server`, or a Redis at REDIS_URL.
 * Options: `--isolates 100,1000`, `--seconds 4`, `--rounds 3`, `--bridge` (by HTTP through the local bridge), `--pauses` (only these).
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { benchCommits, type CommitsRow, newKeyPrefix } from './commits/bench-commits.ts'
import { connectRedis, startBenchRedis } from './commits/bench-redis.ts'
import { COMMITS_HEAD, commitsRow, pausesTable } from './commits/commits-table.ts'
import { directTransport } from './commits/direct-transport.ts'
import { clientOver } from './commits/isolates.ts'
import { SHAPES, type Shape } from './commits/load-row.ts'
import { measurePauses, measureWriters, type Pause, type WriterMemory } from './commits/redis-pauses.ts'
import { divideCores } from './cores.ts'
import { saveResult } from './results.ts'

async function benchPauses(redisUrl: string): Promise<[readonly Pause[], WriterMemory]> {
  const redis = await connectRedis(redisUrl)
  const connection = await connectRedis(redisUrl)
  const client = clientOver(directTransport(connection))
  const options = { client, redis, keyPrefix: newKeyPrefix(), writers: 10_000, sealedSegments: 50 }
  try {
    return [await measurePauses(options), await measureWriters(options)]
  } finally {
    redis.destroy()
    connection.destroy()
  }
}

/** A second, of all readers. The bridge runs in the load generator's process, which carries fewer. */
const READS = 2_000
const READS_BY_BRIDGE = 200

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
    let rows: readonly CommitsRow[] = []
    if (!values.pauses) {
      console.log(COMMITS_HEAD)
      rows = await benchCommits({
        redisUrl: redis.url,
        isolates: values.isolates.split(',').map(Number),
        shapes: Object.keys(SHAPES) as Shape[],
        seconds: Number(values.seconds),
        readsPerSecond: values.bridge ? READS_BY_BRIDGE : READS,
        isBridged: values.bridge,
        rounds: Number(values.rounds),
        onRow: (row) => console.log(commitsRow(row)),
      })
    }
    const [pauses, memory] = values.bridge ? [[], null] : await benchPauses(redis.url)
    if (pauses.length > 0) console.log(pausesTable(pauses))
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
