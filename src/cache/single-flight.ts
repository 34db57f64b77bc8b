export interface SingleFlightOptions {
  readonly sleep: (ms: number) => Promise<void>
  /** How long one caller waits for what another one started. */
  readonly patienceMs: number
}

/** Runs at most one `load` for a name at a time in this isolate; who comes meanwhile shares its result. */
export type SingleFlight<T> = (name: string, load: () => Promise<T>) => Promise<T>

const GAVE_UP = Symbol()

/**
 * A request that workerd cancels never settles its promises, so nobody relies on another's: a caller that has waited
 * long enough puts a load of its own in the place of the silent one, and those still waiting turn to that.
 */
export function createSingleFlight<T>({ sleep, patienceMs }: SingleFlightOptions): SingleFlight<T> {
  const running = new Map<string, Promise<T>>()

  return async function share(name, load) {
    for (let shared = running.get(name); shared !== undefined; shared = running.get(name)) {
      const result = await Promise.race([shared, sleep(patienceMs).then((): typeof GAVE_UP => GAVE_UP)])
      if (result !== GAVE_UP) return result
      if (running.get(name) === shared) running.delete(name)
    }
    const own = load()
    running.set(name, own)
    try {
      return await own
    } finally {
      if (running.get(name) === own) running.delete(name)
    }
  }
}
