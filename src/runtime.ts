/**
 * @module
 * What the code needs of the world around it; tests pass their own.
 */
import { describeError, log } from './log.ts'

export interface Runtime {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Keeps the invocation alive until `work` settles. A rejection is logged under `event`, never thrown. */
  readonly background: (event: string, work: Promise<unknown>) => void
}

/** @param waitUntil the platform's: it must belong to the request that is being handled when it is called. */
export function createRuntime(waitUntil: (work: Promise<unknown>) => void): Runtime {
  return {
    now: Date.now,
    random: Math.random,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    background(event, work) {
      waitUntil(work.catch((error: unknown) => log.error(event, { error: describeError(error) })))
    },
  }
}
