/**
 * @module
 * What `npm run dev` and `npm run stack` tell the CLI of the same clone, in `.linkr/dev.json`, while they run.
 */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { type Environment, readPlaces } from './places.ts'
import { writePrivateFile } from './private-files.ts'
import { isAlive } from './process-alive.ts'

const schema = v.object({
  pid: v.number(),
  /** A plain Postgres URL, for migrations. */
  databaseUrl: v.string(),
  /** The Worker and the token that it was started with; `npm run stack` starts none. */
  worker: v.optional(v.object({ url: v.string(), adminToken: v.string() })),
})

export type RunningStack = v.InferOutput<typeof schema>

const fileIn = (dataDir: string): string => join(dataDir, 'dev.json')

/** Records what this process runs, until it ends. */
export function recordRunningStack(dataDir: string, running: Omit<RunningStack, 'pid'>): void {
  const file = fileIn(dataDir)
  writePrivateFile(file, `${JSON.stringify({ pid: process.pid, ...running }, null, 2)}\n`)
  process.once('exit', () => {
    // Another process may have recorded itself since.
    if (read(file)?.pid === process.pid) rmSync(file, { force: true })
  })
}

/** `null` = none runs; the record of one that was killed says nothing. */
export function findRunningStack(env: Environment): RunningStack | null {
  const running = read(fileIn(readPlaces(env).dataDir))
  return running !== null && isAlive(running.pid) ? running : null
}

function read(file: string): RunningStack | null {
  try {
    return v.parse(schema, JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return null
  }
}
