/**
 * @module
 * `npm run bench`: linkr's redirect beside a bare Worker and a bare Hono route, in raw workerd.
 * Options: `--rounds 10 --seconds 2`.
 */
import { parseArgs } from 'node:util'
import { buildBare, buildHono, buildLinkr } from './build.ts'
import { type Cores, divideCores } from './cores.ts'
import {
  COUNTING_WINDOW_MS,
  type Counted,
  type Counts,
  countRedirects,
  countSteady,
  type SteadyCounts,
} from './counts.ts'
import { type DelayResult, measureDelays } from './delays.ts'
import { ABSENT, type Fixture, HOT, startFixture } from './fixture.ts'
import { type MemoryResult, measureMemory } from './memory.ts'
import { monitorRedis } from './redis-monitor.ts'
import { saveResult } from './results.ts'
import { type Pair, runRounds, type Subject } from './rounds.ts'
import { redirectTable, type Summary, summarize } from './summary.ts'
import { type RunningWorkerd, startWorkerd } from './workerd.ts'

export interface RedirectOptions {
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  readonly steadySeconds: number
  /** Distinct codes for the memory bound. */
  readonly distinctCodes: number
  readonly warmLinks: number
  readonly coldLinks: number
}

/** More than an isolate keeps in memory: asked for one after the other, none of them is ever there. */
const WARM_LINKS = 30_000
/** More than all rounds together can ask for. */
const COLD_LINKS = 200_000
/** Of either, spent on counting and on latencies. */
const SPENT = 200

export interface RedirectResult {
  readonly options: RedirectOptions
  readonly cores: Cores
  readonly summaries: readonly Summary[]
  readonly counts: Readonly<Record<Counted, Counts>>
  /** By redirects per second. */
  readonly steady: Readonly<Record<string, SteadyCounts>>
  readonly delays: DelayResult
  readonly memory: MemoryResult
}

export async function benchRedirects(options: RedirectOptions, cores: Cores): Promise<RedirectResult> {
  const fixture = await startFixture({ warm: options.warmLinks, cold: options.coldLinks })
  const { stores, bindings } = fixture
  const { script } = buildLinkr()
  const start = (name: string, script: string, settings: Readonly<Record<string, string>> = {}) =>
    startWorkerd({ name, servers: [{ name, script, bindings: settings }], core: cores.server })
  const workers = {
    bare: await start('bare', buildBare().script),
    hono: await start('hono', buildHono().script),
    linkr: await start('linkr', script, bindings),
    counting: await start('counting', script, {
      ...bindings,
      HIT_COMMIT_WINDOW_MS: String(COUNTING_WINDOW_MS),
      HIT_COMMIT_MAX_WINDOW_MS: String(COUNTING_WINDOW_MS),
    }),
  }
  const monitor = await monitorRedis(stores.redisUrl, stores.keyPrefix)
  try {
    const counts = await countRedirects(fixture, monitor, urlOf(workers.counting))
    const steady: Record<string, SteadyCounts> = {}
    for (const perSecond of [1, 10, 100, 1_000]) {
      const rate = { url: urlOf(workers.linkr), perSecond, seconds: options.steadySeconds }
      steady[perSecond] = await countSteady(fixture, monitor, rate)
    }
    monitor?.close()
    const delays = await measureDelays(fixture, script, cores)
    const pairs = await runRounds({
      ...options,
      ...subjectsOf(workers, options),
      cores,
    })
    const memory = await measureMemory(bindings, script, cores, options.distinctCodes)
    return { options, cores, summaries: summariesOf(pairs), counts, steady, delays, memory }
  } finally {
    monitor?.close()
    for (const worker of Object.values(workers)) await worker.close()
    await closeStores(fixture)
  }
}

const urlOf = ({ urls }: RunningWorkerd): string => [...urls.values()][0] ?? ''
const closeStores = ({ stores }: Fixture): Promise<void> => stores.close()
const summariesOf = (pairs: ReadonlyMap<string, readonly Pair[]>): Summary[] =>
  [...pairs].map(([name, measured]) => summarize(name, measured))

function subjectsOf(
  { bare, hono, linkr }: Readonly<Record<'bare' | 'hono' | 'linkr', RunningWorkerd>>,
  { warmLinks, coldLinks }: RedirectOptions,
) {
  const subject = (
    worker: RunningWorkerd,
    name: string,
    path: Subject['path'],
    rest: Partial<Subject> = {},
  ): Subject => ({
    name,
    path,
    url: urlOf(worker),
    pid: worker.pid,
    method: 'GET',
    expectedStatus: 302,
    ...rest,
  })
  return {
    bare: subject(bare, 'bare', HOT),
    subjects: [
      subject(hono, 'hono', HOT),
      subject(linkr, 'hot', HOT),
      subject(linkr, 'head', HOT, { method: 'HEAD' }),
      subject(linkr, 'absent', ABSENT, { expectedStatus: 404 }),
      subject(linkr, 'warm', { prefix: '/w', first: SPENT, count: warmLinks - SPENT }),
      subject(linkr, 'cold', { prefix: '/c', first: SPENT, count: coldLinks - SPENT }),
    ],
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '10' },
      seconds: { type: 'string', default: '2' },
      distinct: { type: 'string', default: '1000000' },
    },
  })
  const options: RedirectOptions = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    connections: 32,
    // Five windows of few hits.
    steadySeconds: 20,
    distinctCodes: Number(values.distinct),
    warmLinks: WARM_LINKS,
    coldLinks: COLD_LINKS,
  }
  const result = await benchRedirects(options, divideCores())
  console.log(redirectTable(result))
  saveResult('redirect', result)
  process.exit(0)
}
