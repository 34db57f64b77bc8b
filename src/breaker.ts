/**
 * @module
 * A circuit breaker: after some failures in a row a store is left alone for a while instead of making every request
 * wait for its time-out. Our own, because cockatiel lets the requests that come during a probe wait for the probe's
 * promise, and in workerd a cancelled request never settles its promises.
 */

export type BreakerState = 'closed' | 'open' | 'half-open'

export interface Breaker {
  /** @throws {BreakerOpen} without having run `work`, or whatever `work` throws. */
  run<T>(work: () => Promise<T>): Promise<T>
  readonly state: () => BreakerState
}

/** `work` was not even begun: nothing was sent. */
export class BreakerOpen extends Error {
  override readonly name = 'BreakerOpen' as const
}

export interface BreakerOptions {
  readonly now: () => number
  /**
   * Whether an error means that the store is out of order, not that it refused this one request; `null` = it tells
   * nothing about the store.
   */
  readonly isOutage: (error: unknown) => boolean | null
  readonly onOpen?: () => void
  readonly onClose?: () => void
}

const FAILURES_TO_OPEN = 5
/** Doubled with every failed probe, up to the maximum. */
const FIRST_PAUSE_MS = 250
const MAX_PAUSE_MS = 2_000
/** A probe whose request was cancelled never reports back; after this long another one is let through. */
const PROBE_LOST_AFTER_MS = 10_000

export function createBreaker({ now, isOutage, onOpen, onClose }: BreakerOptions): Breaker {
  let failures = 0
  let pauseMs = FIRST_PAUSE_MS
  let retryAt: number | null = null
  let probeSince = Number.NEGATIVE_INFINITY

  /** Not if it is to last longer than any pause does: the clock has been put back. */
  const isPausing = (time: number): boolean =>
    retryAt !== null && time < retryAt && retryAt - time <= MAX_PAUSE_MS

  function admit(): void {
    if (retryAt === null) return
    const time = now()
    const isProbing = Math.abs(time - probeSince) < PROBE_LOST_AFTER_MS
    if (isPausing(time) || isProbing) throw new BreakerOpen()
    probeSince = time
  }

  function succeed(): void {
    failures = 0
    if (retryAt === null) return
    retryAt = null
    probeSince = Number.NEGATIVE_INFINITY
    pauseMs = FIRST_PAUSE_MS
    onClose?.()
  }

  function fail(): void {
    failures++
    if (retryAt === null && failures < FAILURES_TO_OPEN) return
    if (retryAt === null) onOpen?.()
    else pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)
    retryAt = now() + pauseMs
    probeSince = Number.NEGATIVE_INFINITY
  }

  return {
    async run(work) {
      admit()
      try {
        const result = await work()
        succeed()
        return result
      } catch (error) {
        const verdict = isOutage(error)
        if (verdict === null) probeSince = Number.NEGATIVE_INFINITY
        else if (verdict) fail()
        else succeed()
        throw error
      }
    },
    state() {
      if (retryAt === null) return 'closed'
      return isPausing(now()) ? 'open' : 'half-open'
    },
  }
}
