/** The visits to a link on a UTC day, as someone else counted them. */
export interface DayOfVisits {
  readonly domain: string
  readonly code: string
  /** As 2030-01-31. */
  readonly day: string
  /** What the lines tell of together. */
  readonly hits: number
  /** See `importedLine`, the oldest first. */
  readonly lines: readonly string[]
}

/** `hits` = how many of them were not counted before; 0 = all of them were. */
export type ImportedDay = { readonly kind: 'counted'; readonly hits: number } | { readonly kind: 'no-link' }

export interface ImportedVisits {
  /** In the order of what was asked for. */
  readonly days: readonly ImportedDay[]
  /** Visits that the log had no room for; they count all the same. */
  readonly unlogged: number
}

export interface VisitImport {
  /**
   * Adds visits that were counted elsewhere to the statistics of their links, however often they come: of a link's day a
   * source counts only what it has more than it ever had. They are taken out of the total that a link was imported with.
   * Throws `SourceUnavailable` when Postgres fails.
   * @param source who counted, like `shlink`.
   * @param days none of them twice.
   * @param dryRun changes nothing, and resolves to what would be counted.
   */
  importVisits(source: string, days: readonly DayOfVisits[], dryRun: boolean): Promise<ImportedVisits>
}
