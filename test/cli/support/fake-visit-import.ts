import { expect } from 'vitest'
import type { FakeLinkr, SeenRequest } from './fake-linkr.ts'

// biome-ignore lint/suspicious/noExplicitAny: what clients send, as JSON.parse types it
type Json = any

/** What linkr does with imported visits, in memory: of each day it counts what it has more than ever before. */
export function acceptVisits(linkr: FakeLinkr, codes: readonly string[]) {
  const ledger = new Map<string, number>()
  const days = new Map<string, Json>()
  linkr.route = ({ method, path, body }: SeenRequest) => {
    if (method !== 'POST' || path !== '/visits/import') return undefined
    expect(body.days.length).toBeLessThanOrEqual(1_000)
    const results = body.days.map((day: Json, index: number) => {
      expect(day.visits.length).toBeLessThanOrEqual(4_000)
      if (!codes.includes(day.code)) return { index, outcome: 'rejected', hits: 0, problem: 'link_not_found' }
      const name = `${day.domain}/${day.code} ${day.day}`
      const hits = day.visits.reduce((sum: number, visit: Json) => sum + (visit.hits ?? 1), 0)
      const news = Math.max(0, hits - (ledger.get(name) ?? 0))
      if (body.dryRun !== true) {
        ledger.set(name, Math.max(hits, ledger.get(name) ?? 0))
        days.set(name, day.visits)
      }
      return { index, outcome: news > 0 ? 'counted' : 'unchanged', hits: news }
    })
    return [200, { results, unlogged: 0 }]
  }
  return {
    /** Visits that came last, by `domain/code day`. */
    days,
    total: (): number => [...ledger.values()].reduce((sum, hits) => sum + hits, 0),
  }
}
