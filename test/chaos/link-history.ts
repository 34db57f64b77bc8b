import type { Weather } from './weather.ts'

/**
 * What may be served for one code, and until when. The rules, which are those of the README's guarantees:
 *
 * - What an owner's request writes may show from the moment the request is sent. If it is not acknowledged, it may have
 *   happened or not, and nothing is promised until the next acknowledged one.
 * - An acknowledged edit that Redis was there for has replaced everything before it after 5 s.
 * - One that Redis was not there for is published by the isolate that made it, once Redis is back: 5 s from then.
 * - While neither store answers, what an isolate has in memory is served, however old.
 */
export interface LinkHistory {
  /** An owner's request is sent. Call what it returns when it has been answered. */
  write(shown: string | null): (isAcknowledged: boolean) => void
  /** `null` when the answer is right for a request from `from` to `to`, else why it is not. */
  judge(shown: string | null, from: number, to: number): string | null
}

interface State {
  /** The `Location`, or `null` for a 404. */
  readonly shown: string | null
  readonly from: number
  /** Never, as long as it has not been acknowledged. */
  acknowledgedAt: number
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
  const states: State[] = [{ shown: null, from: 0, acknowledgedAt: 0 }]

  /** When Redis, and through it every isolate, had learnt of a state for certain. */
  function publishedAt({ from, acknowledgedAt }: State, now: number): number {
    if (acknowledgedAt === Number.POSITIVE_INFINITY) return acknowledgedAt
    if (!weather.wasBad('redis', from - NOTICED_AFTER_MS, acknowledgedAt)) return acknowledgedAt
    return weather.wellSince('redis', acknowledgedAt, NOTICED_AFTER_MS, now)
  }

  return {
    write(shown) {
      const state: State = { shown, from: Date.now(), acknowledgedAt: Number.POSITIVE_INFINITY }
      states.push(state)
      return (isAcknowledged) => {
        if (isAcknowledged) state.acknowledgedAt = Date.now()
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
