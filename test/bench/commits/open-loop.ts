import { setTimeout as sleep } from 'node:timers/promises'

export interface OpenLoopOptions {
  readonly actors: number
  /** Of each actor. */
  readonly perSecond: number
  /** Before the measurement, so that every actor has done it once. */
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly act: (actor: number) => Promise<unknown>
  readonly onMeasure?: () => Promise<unknown>
}

/**
 * Actors that each do something at a fixed rate and at a random phase of their own, whether what they did before has ended or
 * not. The time that counts begins when it is due, so that a queue in the load generator counts too.
 * Resolves to the milliseconds that each took, in ascending order.
 */
export async function openLoop(options: OpenLoopOptions): Promise<Float64Array> {
  const { actors, perSecond, warmUpSeconds, seconds, act, onMeasure } = options
  const periodMs = 1000 / perSecond
  const phases = Float64Array.from({ length: actors }, () => Math.random() * periodMs).sort()
  const warmUps = Math.round(warmUpSeconds * perSecond) * actors
  const count = warmUps + Math.round(seconds * perSecond) * actors
  const latencies = new Float64Array(count - warmUps)
  const running: Promise<void>[] = []
  const startedAt = performance.now()
  const dueAt = (n: number): number =>
    startedAt + Math.floor(n / actors) * periodMs + (phases[n % actors] ?? 0)
  const run = async (n: number): Promise<void> => {
    await act(n % actors)
    if (n >= warmUps) latencies[n - warmUps] = performance.now() - dueAt(n)
  }
  for (let n = 0; n < count; ) {
    const waitMs = dueAt(n) - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    for (; n < count && dueAt(n) <= performance.now(); n++) {
      if (n === warmUps && onMeasure !== undefined) await onMeasure()
      running.push(run(n))
    }
    // Lets replies in between two bursts of a loop that is late.
    await new Promise(setImmediate)
  }
  await Promise.all(running)
  return latencies.sort()
}

export const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
