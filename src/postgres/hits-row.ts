import type { CountedHits } from '../hits/live-totals.ts'

/** A row of `link_hits`, with what hits and baseline add up to. */
export interface HitsRow {
  readonly hits: string | number | null
  readonly last_hit_at: string | null
}

export function hitsFromRow({ hits, last_hit_at: lastHitAt }: HitsRow): CountedHits {
  return { hits: Number(hits), lastHitAt: lastHitAt === null ? null : new Date(lastHitAt) }
}
