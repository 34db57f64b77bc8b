import type { CountedHits } from '../hits/live-totals.ts'
import type { LinkRecord, WrittenKey } from '../links/link.ts'
import type { LinkChanges } from './link-fields.ts'

export interface UpdatedLink {
  readonly link: LinkRecord
  /** The key that it has left. */
  readonly vacated: readonly WrittenKey[]
}

/** With the hits that Postgres has. */
export interface CountedLink extends CountedHits {
  readonly link: LinkRecord
  /** Which of the segments asked about are among them. */
  readonly appliedSegments: readonly string[]
}

/**
 * Reads and edits one link. Each write puts its key into the outbox in the same statement. Every method throws
 * `SourceUnavailable` when Postgres fails.
 */
export interface LinkStore {
  /** @param pendingSegments ids of segments of hits that may or may not have been applied. */
  get(id: string, pendingSegments: readonly string[]): Promise<CountedLink | null>
  /**
   * Resolves to `null` when there is no such link or it would get too many tags, to 'taken' when there is a link where it
   * would move.
   * @param versions `null` also when the link has none of these; `null` = any will do.
   */
  update(
    id: string,
    changes: LinkChanges,
    versions: readonly number[] | null,
  ): Promise<UpdatedLink | 'taken' | null>
  /** As `update`; resolves to the link as it was, with the version of its deletion. */
  delete(id: string, versions: readonly number[] | null): Promise<LinkRecord | null>
}
