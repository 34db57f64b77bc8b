/**
 * @module
 * The one definition of a link's total: the hits that Postgres has, and those that wait in Redis and are not in Postgres
 * yet.
 */
import { describeError, log } from '../log.ts'
import type { PendingReport } from '../redis/scripts/pending-hits.ts'
import type { HitCounters } from './hit-counters.ts'

export interface CountedHits {
  /** All of them, wherever they are on their way. */
  readonly hits: number
  /** Those of them that bots did not make. Hits that wait count as people's until they are flushed. */
  readonly people: number
  /** When the last flush brought some to Postgres; `null` = none has. */
  readonly lastHitAt: Date | null
}

export const NO_HITS: CountedHits = { hits: 0, people: 0, lastHitAt: null }

interface Identified {
  readonly id: string
}
type Counted = Identified & CountedHits

/** What Postgres has, read for some segments of hits that may or may not have been applied. */
interface Stored<Links> {
  readonly links: Links
  /** Which of the segments are among the hits. */
  readonly appliedSegments: readonly string[]
}

/** The hits that Postgres has, by link id. Throws `SourceUnavailable`. */
export interface StoredTotals {
  hits(
    linkIds: readonly string[],
    pendingSegments: readonly string[],
  ): Promise<Stored<ReadonlyMap<string, CountedHits>>>
}

export function createLiveTotals(counters: Pick<HitCounters, 'pending'>, stored: StoredTotals) {
  /** Without Redis an owner still sees the hits that Postgres has. */
  async function pendingOrNone(ids: readonly string[]): Promise<PendingReport> {
    try {
      return await counters.pending(ids)
    } catch (error) {
      log.warn('hits.pending_unknown', { error: describeError(error) })
      return { segments: [], lastReleased: null }
    }
  }

  /**
   * For links whose ids are known beforehand. Redis is read first: hits that are flushed between the two reads are then in
   * Postgres, under a segment id known here.
   */
  async function read<Link extends Counted>(
    ids: readonly string[],
    readStored: (pendingSegments: readonly string[]) => Promise<Stored<readonly Link[]>>,
    known?: PendingReport,
  ): Promise<readonly Link[]> {
    const { segments } = known ?? (await pendingOrNone(ids))
    const { links, appliedSegments } = await readStored(segments.flatMap(({ id }) => id ?? []))
    const waiting = segments.filter(({ id }) => id === null || !appliedSegments.includes(id))
    return links.map((link) => {
      const added = waiting.reduce((sum, { hits }) => sum + (hits.get(link.id) ?? 0), 0)
      return { ...link, hits: link.hits + added, people: link.people + added }
    })
  }

  /** These links with their hits, in their order. */
  async function count<Link extends Identified>(links: readonly Link[], known?: PendingReport) {
    if (links.length === 0) return []
    const ids = links.map(({ id }) => id)
    const readStored = async (pendingSegments: readonly string[]) => {
      const { links: hits, appliedSegments } = await stored.hits(ids, pendingSegments)
      return { links: links.map((link) => ({ ...link, ...(hits.get(link.id) ?? NO_HITS) })), appliedSegments }
    }
    return read(ids, readStored, known)
  }

  /**
   * For links that Postgres had to be asked for first. A segment without an id cannot have been applied yet; hits of any
   * other may have been flushed in between, and are then counted anew.
   */
  async function addPending<Link extends Counted>(links: readonly Link[]): Promise<readonly Link[]> {
    if (links.length === 0) return links
    const ids = links.map(({ id }) => id)
    const pending = await pendingOrNone(ids)
    const isMoving =
      pending.lastReleased !== null ||
      pending.segments.some(({ id, hits }) => id !== null && ids.some((linkId) => hits.get(linkId)))
    if (isMoving) return count(links, pending)
    return read(ids, async () => ({ links, appliedSegments: [] }), pending)
  }

  return { read, count, addPending }
}
