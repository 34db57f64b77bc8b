import { globSync } from 'node:fs'
import { join } from 'node:path'

const SCRIPTS = join(import.meta.dirname, '../../src/redis/scripts')
const modules: readonly Record<string, unknown>[] = await Promise.all(
  globSync('*.ts', { cwd: SCRIPTS }).map((file) => import(join(SCRIPTS, file))),
)

/** Lua text -> the name of its constant, for the log of a failed schedule. */
export const SCRIPT_NAMES: ReadonlyMap<unknown, string> = new Map(
  modules.flatMap((module) => Object.entries(module)).map(([name, value]) => [value, name]),
)
