import type { HitCounters } from '../hits/hit-counters.ts'
import { createLiveTotals, NO_HITS } from '../hits/live-totals.ts'
import type { LinkListQuery, LinkPage, LinkPages, LinkWithHits } from './link-pages.ts'
import type { LinkStore } from './link-store.ts'
import type { WriteOutcome } from './write-links.ts'

/** Links with all their hits. Every method throws `SourceUnavailable` when Postgres fails. */
export interface LinkReads {
  /** Resolves to `null` when there is no such link; so does `lookup`. */
  get(id: string): Promise<LinkWithHits | null>
  lookup(domain: string, code: string): Promise<LinkWithHits | null>
  /**
   * One Postgres and one Redis round trip, however many links, and a short one to Postgres while hits are on their way
   * from Redis to it.
   */
  page(query: LinkListQuery): Promise<LinkPage>
  /** The links that a write without baselines wrote, in their order. Two round trips, unless all of them are new. */
  written(outcomes: readonly WriteOutcome[]): Promise<readonly LinkWithHits[]>
}

const ANY_ORDER = { sort: 'createdAt', order: 'asc', after: null } as const

export function createLinkReads(
  store: Pick<LinkStore, 'get'>,
  pages: LinkPages,
  counters: Pick<HitCounters, 'pending'>,
): LinkReads {
  const totals = createLiveTotals(counters, pages)

  /** Only Postgres knows which links there are, so it is asked before Redis. */
  async function page(query: LinkListQuery): Promise<LinkPage> {
    const { links, next } = await pages.page(query)
    return { links: await totals.addPending(links), next }
  }

  return {
    page,

    async get(id) {
      const [found] = await totals.read([id], async (pendingSegments) => {
        const stored = await store.get(id, pendingSegments)
        if (stored === null) return { links: [], appliedSegments: [] }
        const { link, appliedSegments, ...hits } = stored
        return { links: [{ ...link, ...hits }], appliedSegments }
      })
      return found ?? null
    },

    async lookup(domain, code) {
      const { links } = await page({ ...ANY_ORDER, filter: { domains: [domain], code }, limit: 1 })
      return links[0] ?? null
    },

    async written(outcomes) {
      const links = outcomes.flatMap((outcome) => ('link' in outcome ? outcome.link : []))
      if (outcomes.some(({ kind }) => kind === 'updated')) return totals.count(links)
      return links.map((link) => ({ ...link, ...NO_HITS }))
    },
  }
}
