import type { VisitValues } from '../visits/visit.ts'
import type { StatsScope, VisitFilter } from './stats-store.ts'

export interface LoggedVisit {
  readonly at: Date
  readonly link: { readonly id: string; readonly domain: string; readonly code: string }
  readonly isBot: boolean
  /** The visitor's number of that UTC day, 32 bits; `null` = not known. */
  readonly visitor: number | null
  readonly values: VisitValues
}

/** The place of one visit in the log: a page begins right after it. */
export interface VisitPosition {
  /** Seconds since the epoch, in decimal. */
  readonly key: string
  readonly id: string
}

export interface VisitsQuery {
  readonly scope: StatsScope
  readonly filter: VisitFilter
  /** Seconds since the epoch; `to` is excluded. */
  readonly from: number
  readonly to: number
  readonly limit: number
  /** `null` = from the newest on. */
  readonly after: VisitPosition | null
}

export interface VisitPage {
  /** Newest first, at most `limit`; fewer, even none, also where more follow, if many are examined to find few. */
  readonly visits: readonly LoggedVisit[]
  /** Where the next page begins; `null` = this is the last one. */
  readonly next: VisitPosition | null
}

export interface MissesQuery {
  /** `null` = of all. */
  readonly domains: readonly string[] | null
  /** Days since 1970-01-01; `to` is excluded. */
  readonly from: number
  readonly to: number
  readonly limit: number
}

export interface MissedCode {
  readonly domain: string
  readonly code: string
  readonly misses: number
}

/** Every method throws `SourceUnavailable` when Postgres fails, and `TooManyVisits`. */
export interface VisitLog {
  page(query: VisitsQuery): Promise<VisitPage>
  /** Most misses first. */
  misses(query: MissesQuery): Promise<readonly MissedCode[]>
}
