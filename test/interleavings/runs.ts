import type fc from 'fast-check'
import { afterAll, beforeAll, vi } from 'vitest'

/** Schedules per property: some for `npm test`, 10,000 for `npm run test:interleavings`, which CI runs; or any number. */
const RUNS = Number(process.env.INTERLEAVINGS ?? 1_000)
/** For one that never ends. They take milliseconds; how many are done in a minute is the machine's business. */
const SCHEDULE_TIMEOUT_MS = 60_000

/** A failure prints its seed and path; `SEED=... REPLAY=... INTERLEAVINGS=1` run it again. */
const { SEED, REPLAY } = process.env

export const RUN: fc.Parameters<unknown> & { readonly numRuns: number } = {
  numRuns: RUNS,
  timeout: SCHEDULE_TIMEOUT_MS,
  ...(SEED === undefined ? {} : { seed: Number(SEED) }),
  ...(REPLAY === undefined ? {} : { path: REPLAY }),
}
/** Ten times what they take. */
export const RUN_TIMEOUT_MS = SCHEDULE_TIMEOUT_MS + 100 * RUNS

/** Every fault is logged, some 100,000 times. */
export function muteLog(): void {
  beforeAll(() => void vi.stubGlobal('console', { ...console, log() {}, warn() {}, error() {} }))
  afterAll(() => void vi.unstubAllGlobals())
}
