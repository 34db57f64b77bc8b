import type { CountedHits, StoredTotals } from '../hits/live-totals.ts'
import type { LinkRecord } from '../links/link.ts'
import type { LinkFilter } from './link-filter.ts'

export type LinkWithHits = LinkRecord & CountedHits

export const LINK_SORTS = ['createdAt', 'updatedAt', 'hits', 'people'] as const
export type LinkSort = (typeof LINK_SORTS)[number]

/** The place of one link in a list: a page begins right after it. */
export interface ListPosition {
  /** What the list is sorted by: an ISO time to the microsecond, or hits or people in decimal. */
  readonly key: string
  readonly id: string
}

export interface LinkListQuery {
  readonly filter: LinkFilter
  /** By hits or people means those that Postgres has: a flush may be minutes behind what a page shows. */
  readonly sort: LinkSort
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** `null` = from the beginning. */
  readonly after: ListPosition | null
}

export interface LinkPage {
  /** At most `limit`; fewer, even none, also where more follow, if a search examines many links to find few. */
  readonly links: readonly LinkWithHits[]
  /** Where the next page begins; `null` = this is the last one. */
  readonly next: ListPosition | null
}

/** Lists of links, with the hits that Postgres has. Throws `SourceUnavailable`. */
export interface LinkPages extends StoredTotals {
  page(query: LinkListQuery): Promise<LinkPage>
}
