/**
 * @module
 * Alternating rounds: each subject is measured right after the bare Worker, so that noise which lasts longer than a
 * round strikes both and leaves their ratio alone.
 */
import { execFile } from 'node:child_process'
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

export interface Pair {
  readonly bare: Measurement
  readonly subject: Measurement
}

export interface RoundsOptions {
  readonly bare: Subject
  readonly subjects: readonly Subject[]
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  readonly cores: Cores
}

/** Pairs by the subject's name, one for each round. */
export async function runRounds(options: RoundsOptions): Promise<ReadonlyMap<string, readonly Pair[]>> {
  const { bare, subjects, rounds } = options
  const paths = new Map<string, number>()
  const measureNext = async (subject: Subject, seconds = options.seconds): Promise<Measurement> => {
    const used = paths.get(subject.name) ?? 0
    const { measurement, result } = await measure(subject, used, seconds, options)
    paths.set(subject.name, used + result.paths)
    return measurement
  }
  for (const subject of [bare, ...subjects]) await measureNext(subject, Math.min(1, options.seconds))
  const pairs = new Map<string, Pair[]>(subjects.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) {
      pairs.get(subject.name)?.push({ bare: await measureNext(bare), subject: await measureNext(subject) })
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return pairs
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
