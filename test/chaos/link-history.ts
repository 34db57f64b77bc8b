import type { Weather } from './weather.ts'

/**
 * What may be served for one code, and until when. The rules, which are those of the README's guarantees:
 *
 * - What an owner's request writes may show from the moment the request is sent. If it is not acknowledged, it may have
 *   happened or not, and nothing is promised until the next acknowledged one.
 * - An acknowledged edit that Redis has has replaced everything before it after 5 s.
 * - One that Redis was not there for is published by the isolate that made it, once Redis is back: 5 s from then.
 * - While neither store answers, what an isolate has in memory is served, however old.
 */
export interface LinkHistory {
  /** An owner's request is sent. */
  write(shown: string | null): Write
  /** `null` when the answer is right for a request from `from` to `to`, else why it is not. */
  judge(shown: string | null, from: number, to: number): string | null
}

export interface Write {
  /** Its success has been answered. */
  acknowledged(): void
  /** Redis has been seen to have it. */
  published(): void
}

interface State {
  /** The `Location`, or `null` for a 404. */
  readonly shown: string | null
  readonly from: number
  /** Never, as long as it has not been acknowledged. */
  acknowledgedAt: number
  publishedAt: number
}

/** After an edit, or after Redis has it. */
export const BOUND_MS = 5_000
/**
 * How long a store must have been well for all isolates to use it again: a probe that was sent into the outage and
 * times out (1 s; 2 s for Postgres), then the breaker's pause (2 s), then the retry of an edit (every 500 ms) or a probe.
 */
export const NOTICED_AFTER_MS = 4_500
/** A request may be answered by what another one, that came up to a second earlier, has begun to load. */
const SHARED_LOAD_MS = 1_000

export function createLinkHistory(weather: Weather): LinkHistory {
  const states: State[] = [{ shown: null, from: 0, acknowledgedAt: 0, publishedAt: 0 }]

  /** When Redis, from which the isolates learn of it, had a state for certain. */
  function publishedAt(state: State, now: number): number {
    const { acknowledgedAt } = state
    if (acknowledgedAt === Number.POSITIVE_INFINITY) return acknowledgedAt
    return Math.min(state.publishedAt, weather.wellSince('redis', acknowledgedAt, NOTICED_AFTER_MS, now))
  }

  return {
    write(shown) {
      const never = Number.POSITIVE_INFINITY
      const state: State = { shown, from: Date.now(), acknowledgedAt: never, publishedAt: never }
      states.push(state)
      return {
        acknowledged() {
          state.acknowledgedAt = Date.now()
        },
        published() {
          state.publishedAt = Date.now()
        },
      }
    },
    judge(shown, from, to) {
      const candidates = states.flatMap((state, i) => (state.shown === shown && state.from <= to ? [i] : []))
      const last = candidates.at(-1)
      if (last === undefined) return `never was ${shown}`
      const replacedAt = Math.min(...states.slice(last + 1).map((later) => publishedAt(later, to)))
      if (from <= replacedAt + BOUND_MS + SHARED_LOAD_MS) return null
      const [begin, end] = [from - NOTICED_AFTER_MS, to]
      if (weather.wasBad('redis', begin, end) && weather.wasBad('postgres', begin, end)) return null
      return `${shown} was replaced ${from - replacedAt} ms ago`
    },
  }
}
