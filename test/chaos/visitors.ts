import type { Edge } from '../support/edge.ts'
import { type LinkHistory, NOTICED_AFTER_MS } from './link-history.ts'
import type { Weather } from './weather.ts'

/** Follows links, checks each answer, and counts what linkr must count. */
export interface Visitors {
  /** Resolves to where the link leads. */
  visit(edge: Edge, code: string, history: LinkHistory, method: 'GET' | 'HEAD'): Promise<string | null>
  /** Hits by the generation of a link, which stands in its URL: a code that is taken again is another link. */
  readonly hits: ReadonlyMap<string, number>
  /** Answers by status. */
  readonly answers: ReadonlyMap<number, number>
  /** How many of them had no trouble of a store to be excused with. */
  readonly inFairWeather: () => number
  /** Answers that were wrong. */
  readonly mistakes: readonly string[]
}

const STORES = ['redis', 'postgres'] as const

export const urlOf = (generation: string, edit: number): string => `https://example.com/${generation}/${edit}`
export const generationOf = (url: string): string => url.split('/')[3] ?? ''

export function createVisitors(weather: Weather): Visitors {
  const hits = new Map<string, number>()
  const answers = new Map<number, number>()
  const mistakes: string[] = []
  let inFairWeather = 0

  function check(response: Response, history: LinkHistory, from: number, to: number): string | null {
    const { status, headers } = response
    const location = headers.get('location')
    if (status === 302 || status === 404) {
      if ((location === null) !== (status === 404)) return `${status} with Location ${location}`
      return history.judge(location, from, to)
    }
    if (status !== 503) return `status ${status}`
    if (headers.get('retry-after') !== '5' || headers.get('cache-control') !== 'no-store')
      return '503 without its headers'
    return weather.wasBad('postgres', from - NOTICED_AFTER_MS, to) ? null : '503 although Postgres was well'
  }

  return {
    hits,
    answers,
    mistakes,
    inFairWeather: () => inFairWeather,
    async visit(edge, code, history, method) {
      const from = Date.now()
      const response = await edge.get(`/${code}`, { method })
      await response.arrayBuffer()
      const location = response.headers.get('location')
      answers.set(response.status, (answers.get(response.status) ?? 0) + 1)
      if (location !== null && method === 'GET') {
        const generation = generationOf(location)
        hits.set(generation, (hits.get(generation) ?? 0) + 1)
      }
      const to = Date.now()
      if (!STORES.some((store) => weather.wasBad(store, from - NOTICED_AFTER_MS, to))) inFairWeather++
      const mistake = check(response, history, from, to)
      if (mistake !== null) mistakes.push(`${method} /${code}: ${mistake}`)
      return location
    },
  }
}
