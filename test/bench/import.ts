/**
 * @module
 * `npm run bench:import`: hot redirects of one isolate while another one imports links, beside the same without an import.
 * Options: `--links 100000 --hot 1000 --rate 500`.
 */
import { parseArgs } from 'node:util'
import { READ_OR_LEASE } from '../../src/redis/scripts/registers.ts'
import { ADMIN_TOKEN } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
import { buildLinkr } from './build.ts'
import { type Cores, cpuMicroseconds, divideCores } from './cores.ts'
import { startFixture } from './fixture.ts'
import type { LoadResult } from './load.ts'
import { saveResult } from './results.ts'
import { generateLoad } from './rounds.ts'
import { type RunningWorkerd, startWorkerd } from './workerd.ts'

export interface ImportOptions {
  /** Created in requests of `BATCH`, one after the other. */
  readonly links: number
  /** Links that are followed in turn; all of them are in memory. */
  readonly hot: number
  /** Redirects per second. */
  readonly rate: number
}

export interface HotRedirects {
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the isolate's process, for each redirect; `null` where the system does not tell. */
  readonly cpuUs: number | null
  /** Links that the isolate asked Redis for, for each that it has in memory. */
  readonly readsPerLink: number
}

export interface ImportResult {
  readonly options: ImportOptions
  readonly alone: HotRedirects
  readonly importing: HotRedirects
  readonly linksPerSecond: number
}

const BATCH = 1_000
const WINDOW_SECONDS = 2
/** Without an import. */
const WINDOWS_ALONE = 5

export async function benchImport(options: ImportOptions, cores: Cores): Promise<ImportResult> {
  const { links, hot, rate } = options
  const { stores, bindings } = await startFixture({ warm: hot })
  const { script } = buildLinkr()
  const start = (name: string, core: number | null): Promise<RunningWorkerd> =>
    startWorkerd({ name, servers: [{ name, script, bindings }], core })
  const redirecting = await start('redirecting', cores.server)
  const importing = await start('importing', cores.load)
  let reads = 0
  const isRead = runs(READ_OR_LEASE)
  stores.redisFaults.inject({ kind: 'refuse' }, (call) => {
    if (call.commands.includes('GET') || isRead(call)) reads++
    return false
  })
  const path = { prefix: '/w', first: 0, count: hot }
  const load = { url: urlOf(redirecting), connections: 10, method: 'GET', path, rate } as const

  async function follow(isOver: (windows: number) => boolean): Promise<HotRedirects> {
    const windows: LoadResult[] = []
    const cpuBefore = cpuMicroseconds(redirecting.pid)
    reads = 0
    do {
      const result = await generateLoad({ ...load, seconds: WINDOW_SECONDS }, cores.load)
      if (Object.keys(result.statuses).join() !== '302') throw new Error(JSON.stringify(result))
      windows.push(result)
    } while (!isOver(windows.length))
    const cpuAfter = cpuMicroseconds(redirecting.pid)
    const requests = windows.reduce((sum, window) => sum + window.requests, 0)
    return {
      requests,
      p50Ms: median(windows.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(windows.map(({ p99Ms }) => p99Ms)),
      cpuUs: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / requests,
      readsPerLink: reads / hot,
    }
  }

  try {
    // Every link is read once, and the isolate finds its place in the change log.
    await generateLoad({ ...load, seconds: 1 + Math.ceil((2 * hot) / rate) }, cores.load)
    const alone = await follow((windows) => windows === WINDOWS_ALONE)
    let seconds = 0
    const startedAt = performance.now()
    const imported = importLinks(urlOf(importing), links).then(() => {
      seconds = (performance.now() - startedAt) / 1_000
    })
    const [during] = await Promise.all([follow(() => seconds > 0), imported])
    return { options, alone, importing: during, linksPerSecond: links / seconds }
  } finally {
    for (const worker of [redirecting, importing]) await worker.close()
    await stores.close()
  }
}

const urlOf = ({ urls }: RunningWorkerd): string => [...urls.values()][0] ?? ''

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

async function importLinks(url: string, count: number): Promise<void> {
  const headers = { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' }
  for (let first = 0; first < count; first += BATCH) {
    const links = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => {
      return { code: `import${first + i}`, url: 'https://example.com/a/page?of=some#length' }
    })
    const body = JSON.stringify({ links })
    const response = await fetch(`${url}/api/links/bulk`, { method: 'POST', headers, body })
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
    await response.arrayBuffer()
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      links: { type: 'string', default: '100000' },
      hot: { type: 'string', default: '1000' },
      rate: { type: 'string', default: '500' },
    },
  })
  const options = { links: Number(values.links), hot: Number(values.hot), rate: Number(values.rate) }
  const result = await benchImport(options, divideCores())
  console.table({ alone: result.alone, importing: result.importing })
  console.log(`${Math.round(result.linksPerSecond)} links/s imported`)
  saveResult('import', result)
  process.exit(0)
}
