import type { Dimension } from '../visits/visit.ts'
import type { LinkFilter } from './link-filter.ts'
import type { StatsRange } from './stats-range.ts'

/** Whose visits are meant. */
export type StatsScope =
  /** Of the links that match, wherever they were when they were visited. */
  | { readonly kind: 'links'; readonly filter: Pick<LinkFilter, 'ids' | 'tags' | 'domains'> }
  /** Of domains, with what was counted there for links that have left or are gone; `null` = of all together. */
  | { readonly kind: 'domains'; readonly domains: readonly string[] | null }

/** What a visit must be. Every field that is there narrows the choice; of its values any will do. */
export interface VisitFilter {
  readonly isBot?: boolean | undefined
  readonly values: Readonly<Partial<Record<Dimension, readonly string[] | undefined>>>
}

export interface StatsQuery {
  readonly scope: StatsScope
  readonly range: StatsRange
  readonly groupBy: readonly Dimension[]
}

/** Hits that Redis still had. */
export interface WaitingHits {
  /** `null` = one that cannot have been applied yet. */
  readonly segment: string | null
  /** `null` = of links that the query is about for certain. */
  readonly linkId: string | null
  readonly hits: number
}

export interface Counts {
  readonly hits: number
  readonly bots: number
  /** `null` = not known. */
  readonly visitors: number | null
}

export interface StatsGroup {
  /** The first 100. */
  readonly values: readonly { readonly value: string; readonly people: number }[]
  /** People of all others. */
  readonly other: number
}

export interface StoredStats {
  /** Links of the scope that exist. */
  readonly links: number
  /** By the place in `range.points`, counted from 1; those without hits may be left out. */
  readonly points: ReadonlyMap<number, Counts>
  readonly visitors: number | null
  /** How many of the waiting hits were in the scope and had not been applied. */
  readonly waiting: number
  /** The first day, since 1970-01-01, from which on all days of the range can be divided; `null` = all can. */
  readonly dividedSince: number | null
  /** Of each dimension that was asked for. */
  readonly groups: Readonly<Partial<Record<Dimension, StatsGroup>>>
  /** What they cover, in seconds since the epoch, the second one excluded. */
  readonly groupRange: readonly [number, number]
}

/** What Postgres knows of visits. Every method throws `SourceUnavailable` when Postgres fails, and `TooManyVisits`. */
export interface StatsStore {
  /** From the sums of days. */
  count(query: StatsQuery, waiting: readonly WaitingHits[]): Promise<StoredStats>
  /** From the visit log. */
  countLogged(query: StatsQuery, filter: VisitFilter): Promise<StoredStats>
}
