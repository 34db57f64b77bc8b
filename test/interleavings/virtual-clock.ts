interface Timer {
  readonly dueAt: number
  readonly run: () => void
}

export interface VirtualClock {
  readonly now: () => number
  /** Runs `run` once the time has come; the result cancels it. */
  after(ms: number, run: () => void): () => void
  /** Lets time pass. Every timer runs at its time, and whatever it sets off runs before time goes on. */
  advance(ms: number): Promise<void>
  /** Lets time pass until the next timer; resolves to whether there was one. */
  advanceToNext(): Promise<boolean>
}

/** Some day in 2027: sequence numbers of hit batches are times, of 13 digits. */
const START = 1_800_000_000_000

/** Resolves when nothing but timers and scheduled steps is left to do. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function createVirtualClock(): VirtualClock {
  let time = START
  const timers = new Set<Timer>()

  const next = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) if (first === undefined || timer.dueAt < first.dueAt) first = timer
    return first
  }

  async function advanceTo(target: number): Promise<void> {
    for (let timer = next(); timer !== undefined && timer.dueAt <= target; timer = next()) {
      timers.delete(timer)
      time = Math.max(time, timer.dueAt)
      timer.run()
      await settled()
    }
    time = target
  }

  return {
    now: () => time,
    after(ms, run) {
      const timer = { dueAt: time + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance: (ms) => advanceTo(time + ms),
    async advanceToNext() {
      const timer = next()
      if (timer !== undefined) await advanceTo(timer.dueAt)
      return timer !== undefined
    },
  }
}
