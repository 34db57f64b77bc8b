export interface PurgedStats {
  /** Days of which nothing is known any more. */
  readonly days: number
  /** The hits of these days, which stay in the link's total. */
  readonly hits: number
  /** Entries of the visit log. */
  readonly visits: number
}

export interface StatsPurge {
  /**
   * Forgets what is known of the visits to a link before a UTC day, as 2030-01-31. Resolves to `null` when there is no such
   * link, and throws `SourceUnavailable` when Postgres fails.
   */
  purgeStats(linkId: string, before: string): Promise<PurgedStats | null>
}
