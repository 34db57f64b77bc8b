import type { LinkRecord } from '../links/link.ts'

export interface CountedHits {
  /** All of them, wherever they are on their way. */
  readonly hits: number
  /** When the last flush brought some to Postgres; `null` = none has. */
  readonly lastHitAt: Date | null
}

export type LinkWithHits = LinkRecord & CountedHits

export const NO_HITS: CountedHits = { hits: 0, lastHitAt: null }

/** A row of `link_hits`, with what hits and baseline add up to. */
export interface HitsRow {
  readonly hits: string | number | null
  readonly last_hit_at: string | null
}

export function hitsFromRow({ hits, last_hit_at: lastHitAt }: HitsRow): CountedHits {
  return { hits: Number(hits), lastHitAt: lastHitAt === null ? null : new Date(lastHitAt) }
}
