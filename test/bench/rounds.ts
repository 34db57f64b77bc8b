/**
 * @module
 * Alternating rounds: each subject is measured right after the bare Worker, so that noise which lasts longer than a
 * round strikes both and leaves their ratio alone.
 */
import { execFile } from 'node:child_process'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Cores, cpuMicroseconds, pinned } from './cores.ts'
import type { Load, LoadResult } from './load.ts'

export interface Subject {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly method: 'GET' | 'HEAD'
  readonly path: Load['path']
  readonly expectedStatus: number
  /** Whether it is measured beside the stricter limit too. */
  readonly isHot?: boolean
}

export interface Measurement {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the server process; `null` where the system does not tell. */
  readonly cpuUs: number | null
  /** How much of its core the server used: below 0.9 the load was too small to tell its throughput. */
  readonly busy: number | null
}

/** One round of one subject, and of what was measured right before and after it. */
export interface Pair {
  readonly bare: Measurement
  readonly subject: Measurement
  /** The bare Worker that shares its response; `null` for subjects that are not hot. */
  readonly shared: Measurement | null
}

export type Pairs = ReadonlyMap<string, readonly Pair[]>

export interface RoundsOptions {
  readonly bare: Subject
  /** The stricter limit. It is a row of its own too, before the others. */
  readonly shared: Subject
  readonly subjects: readonly Subject[]
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  readonly cores: Cores
}

/**
 * Pairs by the subject's name, one for each round.
 * @param onRound what all rounds so far measured, for a run that may be interrupted.
 */
export async function runRounds(
  options: RoundsOptions,
  onRound: (pairs: Pairs, rounds: number) => void = () => {},
): Promise<Pairs> {
  const { bare, shared, rounds } = options
  const subjects = [shared, ...options.subjects]
  const paths = new Map<string, number>()
  const measureNext = async (subject: Subject, seconds = options.seconds): Promise<Measurement> => {
    const used = paths.get(subject.name) ?? 0
    const { measurement, result } = await measure(subject, used, seconds, options)
    paths.set(subject.name, used + result.paths)
    return measurement
  }
  for (const subject of [bare, ...subjects]) await measureNext(subject, Math.min(1, options.seconds))
  const pairs = new Map<string, Pair[]>(subjects.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const subject of subjects) {
      const pair = {
        bare: await measureNext(bare),
        subject: await measureNext(subject),
        shared: subject.isHot ? await measureNext(shared) : null,
      }
      pairs.get(subject.name)?.push(pair)
      process.stderr.write(`${roundRow(subject.name, pair, `${round} of ${rounds}`)}\n`)
    }
    onRound(pairs, round)
  }
  return pairs
}

function roundRow(name: string, { bare, subject, shared }: Pair, round: string): string {
  const ratio = (to: Measurement): string => (subject.requestsPerSecond / to.requestsPerSecond).toFixed(2)
  return [
    `round ${round}`,
    name.padEnd(6),
    `${Math.round(subject.requestsPerSecond)}/s`.padStart(8),
    `${subject.cpuUs?.toFixed(0) ?? '-'} µs CPU`.padStart(12),
    `${ratio(bare)} of bare${shared === null ? '' : `, ${ratio(shared)} of shared`}`,
    `load average ${loadavg()[0]?.toFixed(1)}`,
  ].join('  ')
}

async function measure(subject: Subject, used: number, seconds: number, options: RoundsOptions) {
  const { url, method, path, pid, expectedStatus } = subject
  const load: Load = {
    url,
    method,
    seconds,
    connections: options.connections,
    path: typeof path === 'string' ? path : { ...path, used },
  }
  const cpuBefore = cpuMicroseconds(pid)
  const result = await generateLoad(load, options.cores.load)
  const cpuAfter = cpuMicroseconds(pid)
  const unexpected = Object.keys(result.statuses).filter((status) => Number(status) !== expectedStatus)
  if (unexpected.length > 0 || result.errors > 0 || result.requests === 0) {
    throw new Error(`${subject.name}: ${JSON.stringify(result)}, expected nothing but ${expectedStatus}`)
  }
  const cpuUs = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore
  const measurement: Measurement = {
    requestsPerSecond: result.requests / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cpuUs: cpuUs === null ? null : cpuUs / result.requests,
    busy: cpuUs === null ? null : cpuUs / (result.seconds * 1e6),
  }
  return { measurement, result }
}

const LOAD = join(import.meta.dirname, 'load.ts')

export async function generateLoad(load: Load, core: number | null): Promise<LoadResult> {
  const [command, args] = pinned(core, process.execPath, [LOAD, JSON.stringify(load)])
  const { stdout } = await promisify(execFile)(command, args)
  return JSON.parse(stdout) as LoadResult
}
