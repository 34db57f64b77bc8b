/**
 * @module
 * What the benchmarks measured, as JSON: each run under .bench/, and what docs/speed-and-cost.md shows.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { OUTPUT } from './places.ts'

export type ResultName = 'redirect' | 'flush' | 'apply' | 'size' | 'commits' | 'import' | 'statistics'

export interface Saved<T> {
  readonly measuredAt: string
  readonly machine: string
  /** What stood behind the bridges. */
  readonly stores: 'embedded' | 'services'
  readonly result: T
}

export function saveResult(name: ResultName, result: unknown): void {
  writeResult(name, result)
  console.log(`Written to .bench/${name}.json`)
}

/** Without a word, for what a run has measured so far. */
export function writeResult(name: ResultName, result: unknown): void {
  const saved: Saved<unknown> = {
    measuredAt: new Date().toISOString(),
    machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}`,
    stores: process.env.STORES === 'services' ? 'services' : 'embedded',
    result,
  }
  mkdirSync(OUTPUT, { recursive: true })
  writeFileSync(join(OUTPUT, `${name}.json`), `${JSON.stringify(saved, null, 2)}\n`)
}

/** @throws when that benchmark has not been run. */
export function loadResult<T>(name: ResultName): Saved<T> {
  return JSON.parse(readFileSync(join(OUTPUT, `${name}.json`), 'utf8')) as Saved<T>
}
