import type { Command } from './resp.ts'

const SHEBANG = /^#!lua +flags=(\S*)/
const FLAG = 'allow-key-locking'

/** Upstash knows a flag of scripts that Redis refuses. Redis runs one script at a time anyway. */
export function withoutKeyLocking(command: Command): Command {
  const [name, script] = command
  if (!/^EVAL(?:_RO)?$/i.test(name) || typeof script !== 'string') return command
  return [name, stripKeyLocking(script), ...command.slice(2)]
}

/** The same script for Redis; the numbers of its lines stay. */
export function stripKeyLocking(script: string): string {
  return script.replace(SHEBANG, (shebang, listed: string) => {
    const flags = listed.split(',')
    const others = flags.filter((flag) => flag !== FLAG)
    if (others.length === flags.length) return shebang
    return others.length === 0 ? '' : `#!lua flags=${others.join(',')}`
  })
}
