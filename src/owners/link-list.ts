/**
 * @module
 * Lists of links, page by page.
 */
import type { HitCounters, PendingReport } from '../hits/hit-counters.ts'
import type { LinkRecord } from '../links/link.ts'
import { describeError, log } from '../log.ts'
import type { LinkFilter } from './link-filter.ts'
import { type CountedHits, type LinkWithHits, NO_HITS } from './link-hits.ts'

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
}

export interface StoredHits {
  /** By link id. */
  readonly links: ReadonlyMap<string, CountedHits>
  /** Which of the segments asked about are among them. */
  readonly appliedSegments: readonly string[]
}

/** What Postgres has. Throws `SourceUnavailable`. */
export interface LinkPages {
  page(query: LinkListQuery): Promise<StoredPage>
  /** @param pendingSegments ids of segments of hits that may or may not have been applied. */
  hits(linkIds: readonly string[], pendingSegments: readonly string[]): Promise<StoredHits>
}

export interface LinkPage {
  /** At most `limit`; fewer, even none, also where more follow, if a search examines many links to find few. */
  readonly links: readonly LinkWithHits[]
  readonly next: ListPosition | null
}

export interface LinkList {
  /**
   * One Postgres and one Redis round trip, however many links, and a short one to Postgres while hits are on their way
   * from Redis to it. Throws `SourceUnavailable`.
   */
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
  /** Redis first: hits that are flushed between the two reads are then in Postgres, under a segment id known here. */
  async function countAnew<Link extends LinkRecord>(
    links: readonly Link[],
    { segments }: PendingReport,
  ): Promise<readonly (Link & CountedHits)[]> {
    const ids = segments.flatMap(({ id }) => id ?? [])
    const counted = await pages.hits(
      links.map(({ id }) => id),
      ids,
    )
    const waiting = segments.filter(({ id }) => id === null || !counted.appliedSegments.includes(id))
    return links.map((link) => addWaiting({ ...link, ...(counted.links.get(link.id) ?? NO_HITS) }, waiting))
  }

  /**
   * Which links there are only Postgres knows, so it is asked before Redis. What waits there without being sealed is
   * certainly not in Postgres yet; anything else may have been flushed in between, and is counted anew.
   */
  async function page(query: LinkListQuery): Promise<LinkPage> {
    const { links, next } = await pages.page(query)
    if (links.length === 0) return { links, next }
    const pending = await pendingOrNone(counters, links)
    const { segments, lastReleased } = pending
    const isMoving =
      lastReleased !== null ||
      segments.some(({ id, hits }) => id !== null && links.some((link) => hits.get(link.id)))
    const counted = isMoving
      ? await countAnew(links, pending)
      : links.map((link) => addWaiting(link, segments))
    return { links: counted, next }
  }

  return {
    page,

    async lookup(domain, code) {
      const { links } = await page({ ...ANY_ORDER, filter: { domains: [domain], code }, limit: 1 })
      return links[0] ?? null
    },

    async withHits(written) {
      return written.length === 0 ? [] : countAnew(written, await pendingOrNone(counters, written))
    },
  }
}

function addWaiting<Link extends LinkRecord & CountedHits>(
  link: Link,
  waiting: PendingReport['segments'],
): Link {
  return { ...link, hits: waiting.reduce((sum, { hits }) => sum + (hits.get(link.id) ?? 0), link.hits) }
}

const ANY_ORDER = { sort: 'createdAt', order: 'asc', after: null } as const

/** Without Redis an owner still sees the hits that Postgres has. */
async function pendingOrNone(
  counters: LinkListOptions['counters'],
  links: readonly LinkRecord[],
): Promise<PendingReport> {
  try {
    return await counters.pending(links.map(({ id }) => id))
  } catch (error) {
    log.warn('hits.pending_unknown', { error: describeError(error) })
    return { segments: [], lastReleased: null }
  }
}
