/**
 * @module
 * `npm run bench`: linkr's redirect beside bare Workers and a bare Hono route, in raw workerd. The rounds come last and
 * are written after each of them, so a run that is interrupted there leaves a result of fewer rounds.
 * Options: `--rounds 10 --seconds 2`; `--only hot,head` = rounds of these subjects and nothing else, not written.
 */
import { parseArgs } from 'node:util'
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
import { type Fixture, startFixture } from './fixture.ts'
import { type MemoryResult, measureMemory } from './memory.ts'
import { startServer, startWorkers, subjectsOf, urlOf } from './redirect-subjects.ts'
import { monitorRedis } from './redis-monitor.ts'
import { saveResult, writeResult } from './results.ts'
import { type Pairs, runRounds } from './rounds.ts'
import { redirectTable, type Summary, summarize } from './summary.ts'

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

/** @param onRound gets what there is after each round: the result of a run with so many rounds. */
export async function benchRedirects(
  options: RedirectOptions,
  cores: Cores,
  onRound: (result: RedirectResult) => void = () => {},
): Promise<RedirectResult> {
  const fixture = await startFixture({ warm: options.warmLinks, cold: options.coldLinks })
  const { stores, bindings } = fixture
  const workers = await startWorkers(bindings, cores)
  const { script } = workers
  const counting = await startServer('counting', script, cores, {
    ...bindings,
    HIT_COMMIT_WINDOW_MS: String(COUNTING_WINDOW_MS),
    HIT_COMMIT_MAX_WINDOW_MS: String(COUNTING_WINDOW_MS),
  })
  const monitor = await monitorRedis(stores.redisUrl, stores.keyPrefix)
  try {
    const counts = shown('counts', await countRedirects(fixture, monitor, urlOf(counting)))
    const steady: Record<string, SteadyCounts> = {}
    for (const perSecond of [1, 10, 100, 1_000]) {
      const rate = { url: urlOf(workers.linkr), perSecond, seconds: options.steadySeconds }
      steady[perSecond] = shown(`steady ${perSecond}/s`, await countSteady(fixture, monitor, rate))
    }
    monitor?.close()
    const delays = shown('delays', await measureDelays(fixture, script, cores))
    const memory = shown('memory', await measureMemory(bindings, script, cores, options.distinctCodes))
    const resultOf = (pairs: Pairs, rounds: number): RedirectResult => {
      const summaries = summariesOf(pairs)
      return { options: { ...options, rounds }, cores, summaries, counts, steady, delays, memory }
    }
    const pairs = await runRounds(
      { ...options, ...subjectsOf(workers, options), cores },
      (measured, rounds) => onRound(resultOf(measured, rounds)),
    )
    return resultOf(pairs, options.rounds)
  } finally {
    monitor?.close()
    await counting.close()
    await workers.close()
    await closeStores(fixture)
  }
}

/** Rounds of some subjects and nothing else, to try a change. @param only names of subjects. */
async function benchOnly(
  options: RedirectOptions,
  cores: Cores,
  only: readonly string[],
): Promise<Summary[]> {
  const fixture = await startFixture({
    warm: only.includes('warm') ? options.warmLinks : 0,
    cold: only.includes('cold') ? options.coldLinks : 0,
  })
  const workers = await startWorkers(fixture.bindings, cores)
  const all = subjectsOf(workers, options)
  const subjects = all.subjects.filter(({ name }) => only.includes(name))
  const pairs = await runRounds({ ...options, ...all, subjects, cores })
  await workers.close()
  await closeStores(fixture)
  return summariesOf(pairs)
}

/** Printed as soon as it is measured. */
function shown<T>(name: string, measured: T): T {
  process.stderr.write(`${name}: ${JSON.stringify(measured)}\n`)
  return measured
}

const closeStores = ({ stores }: Fixture): Promise<void> => stores.close()
const summariesOf = (pairs: Pairs): Summary[] =>
  [...pairs].map(([name, measured]) => summarize(name, measured))

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '10' },
      seconds: { type: 'string', default: '2' },
      only: { type: 'string' },
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
  const cores = divideCores()
  // Without a handler a signal would leave every workerd behind.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  if (values.only !== undefined) {
    console.log(
      redirectTable({ summaries: await benchOnly(options, cores, values.only.split(',')), counts: {} }),
    )
    process.exit(0)
  }
  const result = await benchRedirects(options, cores, (soFar) => writeResult('redirect', soFar))
  console.log(redirectTable(result))
  saveResult('redirect', result)
  process.exit(0)
}
