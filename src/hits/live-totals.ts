/**
 * @module
 * The one definition of a link's total: the hits that Postgres has, and those that wait in Redis and are not in Postgres
 * yet.
 */
import { describeError, log } from '../log.ts'
import type { HitCounters, PendingReport } from './hit-counters.ts'

export interface CountedHits {
  /** All of them, wherever they are on their way. */
  readonly hits: number
  /** When the last flush brought some to Postgres; `null` = none has. */
  readonly lastHitAt: Date | null
}

export const NO_HITS: CountedHits = { hits: 0, lastHitAt: null }

interface Identified {
  readonly id: string
}

/** Links with the hits that Postgres has of them. */
export interface StoredLinks<Counted extends Identified & CountedHits> {
  readonly links: readonly Counted[]
  /** Which of the segments asked about are among the hits. */
  readonly appliedSegments: readonly string[]
}

export interface StoredHits {
  /** By link id. */
  readonly links: ReadonlyMap<string, CountedHits>
  readonly appliedSegments: readonly string[]
}

export interface StoredTotals {
  /**
   * What Postgres has. Throws `SourceUnavailable`.
   * @param pendingSegments ids of segments of hits that may or may not have been applied.
   */
  hits(linkIds: readonly string[], pendingSegments: readonly string[]): Promise<StoredHits>
}

export interface LiveTotals {
  /**
   * For links whose ids are known beforehand. Redis is read first: hits that are flushed between the two reads are then in
   * Postgres, under a segment id known here.
   * @param read reads Postgres: see `StoredTotals.hits`.
   */
  read<Counted extends Identified & CountedHits>(
    ids: readonly string[],
    read: (pendingSegments: readonly string[]) => Promise<StoredLinks<Counted>>,
  ): Promise<readonly Counted[]>
  /** Links without hits, in their order, with them. */
  count<Link extends Identified>(links: readonly Link[]): Promise<readonly (Link & CountedHits)[]>
  /**
   * For links that Postgres had to be asked for first. A segment without an id cannot have been applied yet; hits of any
   * other may have been flushed in between, and are then counted anew.
   */
  addPending<Counted extends Identified & CountedHits>(links: readonly Counted[]): Promise<readonly Counted[]>
}

export interface LiveTotalsOptions {
  readonly counters: Pick<HitCounters, 'pending'>
  readonly stored: StoredTotals
}

export function createLiveTotals({ counters, stored }: LiveTotalsOptions): LiveTotals {
  /** Without Redis an owner still sees the hits that Postgres has. */
  async function pendingOrNone(ids: readonly string[]): Promise<PendingReport> {
    try {
      return await counters.pending(ids)
    } catch (error) {
      log.warn('hits.pending_unknown', { error: describeError(error) })
      return { segments: [], lastReleased: null }
    }
  }

  async function countAnew<Link extends Identified>(
    links: readonly Link[],
    { segments }: PendingReport,
  ): Promise<readonly (Link & CountedHits)[]> {
    const { links: hits, appliedSegments } = await stored.hits(idsOf(links), segmentIds(segments))
    const counted = links.map((link) => ({ ...link, ...(hits.get(link.id) ?? NO_HITS) }))
    return addWaiting({ links: counted, appliedSegments }, segments)
  }

  return {
    async read(ids, read) {
      const { segments } = await pendingOrNone(ids)
      return addWaiting(await read(segmentIds(segments)), segments)
    },

    async count(links) {
      return links.length === 0 ? [] : countAnew(links, await pendingOrNone(idsOf(links)))
    },

    async addPending(links) {
      if (links.length === 0) return links
      const pending = await pendingOrNone(idsOf(links))
      const { segments, lastReleased } = pending
      const isMoving =
        lastReleased !== null ||
        segments.some(({ id, hits }) => id !== null && links.some((link) => hits.get(link.id)))
      return isMoving ? countAnew(links, pending) : addWaiting({ links, appliedSegments: [] }, segments)
    },
  }
}

type Segments = PendingReport['segments']

const idsOf = (links: readonly Identified[]): string[] => links.map(({ id }) => id)

const segmentIds = (segments: Segments): string[] => segments.flatMap(({ id }) => id ?? [])

function addWaiting<Counted extends Identified & CountedHits>(
  { links, appliedSegments }: StoredLinks<Counted>,
  segments: Segments,
): readonly Counted[] {
  const waiting = segments.filter(({ id }) => id === null || !appliedSegments.includes(id))
  return links.map((link) => {
    return { ...link, hits: waiting.reduce((sum, { hits }) => sum + (hits.get(link.id) ?? 0), link.hits) }
  })
}
