import { readdirSync, readFileSync } from 'node:fs'

/** Resident megabytes of the workerd processes that this process has started. Linux only; elsewhere 0. */
export function residentMemoryMb(): number {
  let pages = 0
  try {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const [, command = '', parent = ''] = /\((.*)\) \S (\d+)/.exec(stat) ?? []
        if (!command.startsWith('workerd') || Number(parent) !== process.pid) continue
        pages += Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
      } catch {
        // It has ended meanwhile.
      }
    }
  } catch {
    return 0
  }
  return Math.round((pages * 4096) / 1024 / 1024)
}
