/**
 * @module
 * `npm run bench:statistics`: how long statistics take to read and visits to apply with a month of them in Postgres. With
 * STORES=services in a database of its own in the Postgres at DATABASE_URL, as its superuser; it takes 15 GB and is dropped
 * at the end. Options: `--links 1000000 --days 30 --visits 3300000 --log-days 2`; `--visits` is those of a day. `--keep` leaves
 * the database, for a look at the plans of statements.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { postgresHits } from '../../../src/postgres/hits.ts'
import { createRandom } from '../../chaos/random.ts'
import { applyRounds } from '../apply-visits.ts'
import { saveResult } from '../results.ts'
import { median } from '../statistics.ts'
import { idsAt, type LoadOptions, loadVisits } from './load-visits.ts'
import { measureReads, type ReadMeasurement } from './read-statistics.ts'
import { type ScratchDatabase, startScratchDatabase } from './scratch-database.ts'
import { measureTables, type TableSize } from './table-sizes.ts'

/** The first flush finds no row of its links on the empty database, the others those of the ones before. */
interface FlushPair {
  readonly loadedMs: number
  readonly emptyMs: number
  readonly ratio: number
}

export interface StatisticsResult {
  readonly options: LoadOptions
  readonly loadSeconds: number
  readonly tables: readonly TableSize[]
  readonly reads: readonly ReadMeasurement[]
  readonly flush: { readonly pairs: readonly FlushPair[]; readonly medianRatio: number }
  /** Of the machine, before reading, before and after applying. */
  readonly load: readonly number[]
}

/** What Zipf's law makes of 25,000 visits to a million links. */
const FLUSH = { visits: 25_000, links: 11_700, rounds: 9 }
const WITHIN_MS = 60_000

export async function benchStatistics(
  options: LoadOptions,
  onStart: (database: ScratchDatabase) => void = () => {},
  onStep: (step: string) => void = () => {},
  keep = false,
): Promise<StatisticsResult> {
  const loaded = await startScratchDatabase()
  onStart(loaded)
  const load: number[] = []
  const noteLoad = (): void => void load.push(Math.round(100 * (loadavg()[0] ?? 0)) / 100)
  try {
    const startedAt = performance.now()
    await loadVisits(loaded.client, options, onStep)
    const loadSeconds = Math.round((performance.now() - startedAt) / 1_000)
    const tables = await measureTables(loaded.client)
    noteLoad()
    onStep('reads')
    const reads = await measureReads(loaded.open(), options)
    noteLoad()
    onStep('flush')
    const count = Math.min(FLUSH.links, Math.ceil(options.links / 10))
    const ids = idsAt(drawRanks(count, options.links), options.links)
    const flush = await measureFlush(loaded, ids, onStart)
    noteLoad()
    return { options, loadSeconds, tables, reads, flush, load }
  } finally {
    if (keep) onStep(`kept: ${loaded.client.database}`)
    else await loaded.drop()
  }
}

/** Different places of links as visits come to them by Zipf's law, the first ones first. */
function drawRanks(count: number, links: number): number[] {
  const random = createRandom(2)
  const ranks = new Set<number>()
  while (ranks.size < count) ranks.add(Math.floor(links ** random.next()))
  return [...ranks].sort((a, b) => a - b)
}

/** In turns, so that both meet the same load of the machine. */
async function measureFlush(
  loaded: ScratchDatabase,
  ids: readonly string[],
  onStart: (database: ScratchDatabase) => void,
): Promise<StatisticsResult['flush']> {
  const empty = await startScratchDatabase()
  onStart(empty)
  try {
    const { rows } = await empty.client.query<{ id: string }>(
      `INSERT INTO links (domain, code, url) SELECT '*', 'c' || n, 'https://www.example.com/' FROM generate_series(1, $1::int) AS n RETURNING id`,
      [ids.length],
    )
    const rounds = {
      loaded: applyRounds(ids, FLUSH.visits),
      empty: applyRounds(
        rows.map(({ id }) => id),
        FLUSH.visits,
      ),
    }
    const pairs: FlushPair[] = []
    for (let round = 0; round < FLUSH.rounds; round++) {
      const { milliseconds: loadedMs } = await rounds.loaded(totalsOf(loaded))
      const { milliseconds: emptyMs } = await rounds.empty(totalsOf(empty))
      pairs.push({ loadedMs, emptyMs, ratio: Math.round((100 * loadedMs) / emptyMs) / 100 })
    }
    return { pairs, medianRatio: median(pairs.map(({ ratio }) => ratio)) }
  } finally {
    await empty.drop()
  }
}

const totalsOf = (database: ScratchDatabase) =>
  postgresHits(database.open(), { within: WITHIN_MS, now: Date.now, visitLogDays: 30 })

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      links: { type: 'string', default: '1000000' },
      days: { type: 'string', default: '30' },
      visits: { type: 'string', default: '3300000' },
      keep: { type: 'boolean', default: false },
      'log-days': { type: 'string', default: '2' },
    },
  })
  const started: ScratchDatabase[] = []
  let interrupted: Promise<never> | undefined
  process.once('SIGINT', () => {
    interrupted = Promise.allSettled(started.map((database) => database.drop())).then(() => process.exit(130))
  })
  const startedAt = performance.now()
  const result = await benchStatistics(
    {
      links: Number(values.links),
      days: Number(values.days),
      visitsPerDay: Number(values.visits),
      logDays: Number(values['log-days']),
    },
    (database) => void started.push(database),
    (step) => console.log(`${Math.round((performance.now() - startedAt) / 1_000)} s: ${step}`),
    values.keep,
  ).catch((error: unknown) => {
    // What was running has lost its database.
    if (interrupted !== undefined) return interrupted
    throw error
  })
  console.table(result.tables)
  console.log(`Loaded in ${result.loadSeconds} s`)
  console.table(result.reads)
  console.table(result.flush.pairs)
  console.log('Flush, loaded to empty:', result.flush.medianRatio, 'load average:', result.load)
  saveResult('statistics', result)
  process.exit(0)
}
