export interface SingleFlightOptions<Tag> {
  readonly sleep: (ms: number) => Promise<void>
  /** How long one caller waits for what another one started. */
  readonly patienceMs: number
  /** Whether a caller that wants the second may share the result of the first, which is running. */
  readonly canJoin: (running: Tag, wanted: Tag) => boolean
}

/** Runs one `load` for a name at a time in this isolate; callers that come meanwhile and can join share its result. */
export type SingleFlight<T, Tag> = (name: string, wanted: Tag, load: () => Promise<T>) => Promise<T>

const GAVE_UP = Symbol()

/**
 * A request that workerd cancels never settles its promises, so no caller relies on another's: one that has waited
 * long enough, or cannot join, puts a load of its own in the place of the running one, and those still waiting turn to
 * that.
 */
export function createSingleFlight<T, Tag>(options: SingleFlightOptions<Tag>): SingleFlight<T, Tag> {
  const { sleep, patienceMs, canJoin } = options
  const flights = new Map<string, { readonly tag: Tag; readonly result: Promise<T> }>()

  return async function share(name, wanted, load) {
    for (;;) {
      const flight = flights.get(name)
      if (flight === undefined || !canJoin(flight.tag, wanted)) break
      const result = await Promise.race([
        flight.result,
        sleep(patienceMs).then((): typeof GAVE_UP => GAVE_UP),
      ])
      if (result !== GAVE_UP) return result
      if (flights.get(name) === flight) flights.delete(name)
    }
    const own = { tag: wanted, result: load() }
    flights.set(name, own)
    try {
      return await own.result
    } finally {
      if (flights.get(name) === own) flights.delete(name)
    }
  }
}
