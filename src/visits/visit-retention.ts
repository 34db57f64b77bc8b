/** Rows that a run has deleted, by what they were. */
export interface PrunedVisits {
  readonly visits: number
  /** Of links and domains: which visitors a day has had. */
  readonly visitors: number
  /** Details of days that were added to their month. */
  readonly days: number
  readonly misses: number
  /** Whether nothing is left that is due; otherwise the next run goes on. */
  readonly complete: boolean
}

export interface VisitRetention {
  /**
   * Forgets what Postgres keeps of visits for a time only. Takes a bounded time, and one request if nothing is due.
   * @param mayGoOn is asked before each request.
   */
  prune(mayGoOn?: () => boolean): Promise<PrunedVisits>
}
