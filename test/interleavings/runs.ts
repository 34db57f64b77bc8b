import type fc from 'fast-check'
import { afterAll, beforeAll, vi } from 'vitest'

/** Schedules per property: some for `npm test`, 10,000 for `npm run test:interleavings`, which CI runs; or any number. */
const RUNS = Number(process.env.INTERLEAVINGS ?? 1_000)
/** Several times what they take. */
const BUDGET_MS = 60_000 + 10 * RUNS

/** A failure prints its seed and path; `SEED=... REPLAY=... INTERLEAVINGS=1` run it again. */
const { SEED, REPLAY } = process.env

export const RUN: fc.Parameters<unknown> & { readonly numRuns: number } = {
  numRuns: RUNS,
  interruptAfterTimeLimit: BUDGET_MS,
  markInterruptAsFailure: true,
  ...(SEED === undefined ? {} : { seed: Number(SEED) }),
  ...(REPLAY === undefined ? {} : { path: REPLAY }),
}
export const RUN_TIMEOUT_MS = 2 * BUDGET_MS

/** Every fault is logged, some 100,000 times. */
export function muteLog(): void {
  beforeAll(() => void vi.stubGlobal('console', { ...console, log() {}, warn() {}, error() {} }))
  afterAll(() => void vi.unstubAllGlobals())
}
