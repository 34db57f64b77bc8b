/**
 * @module
 * Lists of links, page by page.
 */
import type { HitCounters } from '../hits/hit-counters.ts'
import { describeError, log } from '../log.ts'
import type { LinkRecord } from './link.ts'
import type { LinkWithHits } from './link-editor.ts'
import type { LinkFilter } from './link-filter.ts'

export const LINK_SORTS = ['createdAt', 'updatedAt', 'hits'] as const
export type LinkSort = (typeof LINK_SORTS)[number]

/** The place of one link in a list: a page begins right after it. */
export interface ListPosition {
  /** What the list is sorted by: an ISO time to the microsecond, or hits in decimal. */
  readonly key: string
  readonly id: string
}

export interface LinkListQuery {
  readonly filter: LinkFilter
  /** By hits means those that Postgres has: a flush may be minutes behind what a page shows. */
  readonly sort: LinkSort
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** `null` = from the beginning. */
  readonly after: ListPosition | null
}

export interface StoredPage {
  readonly links: readonly LinkWithHits[]
  /** Where the next page begins; `null` = this is the last one. */
  readonly next: ListPosition | null
  /** Segments of hits that have been added to the hits of `links` recently. */
  readonly appliedSegments: readonly string[]
}

/** The pages as Postgres has them. Throws `SourceUnavailable`. */
export interface LinkPages {
  page(query: LinkListQuery): Promise<StoredPage>
}

export interface LinkPage {
  /** At most `limit`; fewer, even none, also where more follow, if a search examines many links to find few. */
  readonly links: readonly LinkWithHits[]
  readonly next: ListPosition | null
}

export interface LinkList {
  /** One Postgres and one Redis round trip, however many links. Throws `SourceUnavailable`. */
  page(query: LinkListQuery): Promise<LinkPage>
  /** Resolves to `null` when there is no such link. */
  lookup(domain: string, code: string): Promise<LinkWithHits | null>
  /** Links that have just been written, in their order, with their hits. Two more round trips. */
  withHits(links: readonly LinkRecord[]): Promise<readonly LinkWithHits[]>
}

export interface LinkListOptions {
  readonly pages: LinkPages
  readonly counters: Pick<HitCounters, 'pending'>
}

export function createLinkList({ pages, counters }: LinkListOptions): LinkList {
  /** Which links there are, only Postgres knows: so it is asked first, and again if a flush came in between. */
  async function page(query: LinkListQuery, isRepetition = false): Promise<LinkPage> {
    const { links, next, appliedSegments } = await pages.page(query)
    if (links.length === 0) return { links, next }
    const { segments, lastReleased } = await pendingOrNone(counters, links)
    const slippedThrough = lastReleased !== null && !appliedSegments.includes(lastReleased)
    if (slippedThrough && !isRepetition) return page(query, true)
    const waiting = segments.filter(({ id }) => id === null || !appliedSegments.includes(id))
    const withHits = links.map((link) => ({
      ...link,
      hits: waiting.reduce((sum, segment) => sum + (segment.hits.get(link.id) ?? 0), link.hits),
    }))
    return { links: withHits, next }
  }

  return {
    page: (query) => page(query),

    async lookup(domain, code) {
      const { links } = await page({ ...ANY_ORDER, filter: { domains: [domain], code }, limit: 1 })
      return links[0] ?? null
    },

    async withHits(written) {
      const ids = [...new Set(written.map(({ id }) => id))]
      if (ids.length === 0) return []
      const { links } = await page({ ...ANY_ORDER, filter: { ids }, limit: ids.length })
      const hits = new Map(links.map((link) => [link.id, link.hits]))
      return written.map((link) => ({ ...link, hits: hits.get(link.id) ?? 0 }))
    },
  }
}

const ANY_ORDER = { sort: 'createdAt', order: 'asc', after: null } as const

/** Without Redis an owner still sees the hits that Postgres has. */
async function pendingOrNone(
  counters: LinkListOptions['counters'],
  links: readonly LinkRecord[],
): ReturnType<HitCounters['pending']> {
  try {
    return await counters.pending(links.map(({ id }) => id))
  } catch (error) {
    log.warn('hits.pending_unknown', { error: describeError(error) })
    return { segments: [], lastReleased: null }
  }
}
