import fc from 'fast-check'
import type { VirtualClock } from './virtual-clock.ts'

/** What becomes of one request to a store. */
export type Fate =
  | 'answered'
  /** It takes its time, so that the caller may give up on it and try again. */
  | 'late'
  /** Its answer takes its time, but comes before the caller gives up. */
  | 'answered late'
  /** The store never sees it, and the caller is told so. */
  | 'refused'
  /** It is executed, but the caller only learns that something went wrong. */
  | 'answer lost'
  /** The caller stops here for ever: cancelled, or crashed. */
  | 'caller stops before'
  | 'caller stops after'

/** Faults and delays of all kinds, or delays only. */
export const anyFates = fatesOf({
  answered: 10,
  late: 3,
  'answered late': 3,
  refused: 2,
  'answer lost': 2,
  'caller stops before': 1,
  'caller stops after': 1,
})
export const slowFates = fatesOf({ answered: 1, 'answered late': 1 })

function fatesOf(weights: { readonly [Name in Fate]?: number }): fc.Arbitrary<Fate[]> {
  const weighted = Object.entries(weights).map(([fate, weight]) => ({
    weight,
    arbitrary: fc.constant(fate as Fate),
  }))
  return fc.array(fc.oneof(...weighted), { maxLength: 40 })
}

/** A sender of requests. What it waits for never comes once it is dead. */
export interface Life {
  isAlive: boolean
  /** By how many milliseconds its clock is wrong. */
  clockError: number
}

export interface Route {
  readonly store: string
  readonly timeoutMs: number
}

export interface Network {
  /**
   * Sends a request in two steps that the scheduler puts in order with all others: it arrives and is executed, and its
   * answer arrives. The caller gives up after the time-out, but the request may still arrive later.
   */
  send<T>(caller: Life, route: Route, label: string, execute: () => Promise<T> | T): Promise<T>
  /** From now on every request to a store gets this fate, unless it has a worse one; `null` = no longer. */
  impose(store: string, fate: 'refused' | 'answer lost' | null): void
  /** Whatever is on its way to or from a store is lost. */
  cut(store: string): void
  /** No more faults. */
  heal(): void
}

/** Longer than a publisher waits before it tries again. */
const LATE_MS = 700
/** What has not arrived by then never will. */
const LOST_AFTER_MS = 10_000

export function createNetwork(
  scheduler: fc.Scheduler,
  clock: VirtualClock,
  upcoming: readonly Fate[],
): Network {
  const remaining = [...upcoming]
  const imposed = new Map<string, Fate | null>()
  const cuts = new Map<string, number>()
  const step = (label: string): Promise<void> => scheduler.schedule(Promise.resolve(), label)

  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve))

  return {
    impose: (store, fate) => void imposed.set(store, fate),
    cut: (store) => void cuts.set(store, (cuts.get(store) ?? 0) + 1),
    heal() {
      remaining.length = 0
      imposed.clear()
    },
    send: <T>(caller: Life, { store, timeoutMs }: Route, label: string, execute: () => Promise<T> | T) =>
      new Promise<T>((resolve, reject) => {
        const fate = remaining.shift() ?? 'answered'
        if (fate === 'caller stops before') return
        const sentAt = clock.now()
        const cutsWhenSent = cuts.get(store)
        const isLost = (): boolean => cuts.get(store) !== cutsWhenSent || clock.now() - sentAt > LOST_AFTER_MS
        const hear = (news: () => void): void => {
          stopTimer()
          if (caller.isAlive && fate !== 'caller stops after') news()
        }
        const stopTimer = clock.after(timeoutMs, () => hear(() => reject(new TimeoutError())))

        async function deliver(): Promise<void> {
          if (fate === 'late') await pause(LATE_MS)
          await step(`${label} arrives`)
          if (isLost()) return
          if (fate === 'refused' || imposed.get(store) === 'refused')
            return hear(() => reject(new Error('refused')))
          const [outcome] = await Promise.allSettled([(async () => execute())()])
          if (fate === 'answered late') await pause(0.8 * timeoutMs)
          await step(`${label} answers`)
          if (isLost()) return
          hear(() => {
            if (fate === 'answer lost' || imposed.get(store) === 'answer lost')
              reject(new Error('answer lost'))
            else if (outcome.status === 'fulfilled') resolve(outcome.value)
            else reject(outcome.reason)
          })
        }
        void deliver()
      }),
  }
}

class TimeoutError extends Error {
  override readonly name = 'TimeoutError' as const
}
