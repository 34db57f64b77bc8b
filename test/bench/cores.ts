/**
 * @module
 * One core for the servers and another for the load, where the system can tell: two processes that share a core measure
 * each other.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

export interface Cores {
  /** `null` = not pinned. */
  readonly server: number | null
  readonly load: number | null
}

/** Pins this process, in which the bridges run, to the core of the load. */
export function divideCores(): Cores {
  try {
    if (cpus().length < 2) return { server: null, load: null }
    execFileSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)], { stdio: 'ignore' })
    return { server: 0, load: 1 }
  } catch {
    return { server: null, load: null }
  }
}

/** The command that runs `command` on one core. */
export function pinned(core: number | null, command: string, args: readonly string[]): [string, string[]] {
  return core === null ? [command, [...args]] : ['taskset', ['-c', String(core), command, ...args]]
}

/** Clock ticks are 10 ms on every Linux that Node runs on. */
const TICK_US = 10_000

/** CPU time that a process has used so far, all threads, user and system; `null` where the system does not tell. */
export function cpuMicroseconds(pid: number): number | null {
  try {
    // The command's name may hold blanks and brackets; the fields count from after it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_US
  } catch {
    return null
  }
}

/** The most memory that a process has held so far, in bytes; `null` where the system does not tell. */
export function peakMemory(pid: number): number | null {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    return null
  }
}
