import type { LinkKey } from '../links/link.ts'
import type { Edit } from './register-store.ts'

/** A link whose version is smaller than one that Redis has, or may yet get, for its key. */
export interface Outranked {
  readonly key: LinkKey
  /** The greater version. */
  readonly version: number
}

/**
 * A register in Redis that is older is refreshed before it is served, so nobody needs to bring older edits back: see
 * freshness.ts. With a margin for clocks.
 */
export const SETTLED_FOR_MS = 70 * 60 * 1000

/** The edits that Redis may not have yet. Every method throws `SourceUnavailable` when Postgres fails. */
export interface Outbox {
  /** The oldest keys in it with what they hold now, at most `limit`. */
  pending(limit: number): Promise<readonly Edit[]>
  /**
   * Takes edits out, unless a newer version of their key has come in meanwhile or the link there is outranked. Resolves
   * to the outranked ones: their codes were taken again while the links that had them were being deleted.
   * @param logId the id of the change log's entry about them. It is kept with them for `SETTLED_FOR_MS`.
   */
  settle(edits: readonly Edit[], logId: string): Promise<readonly Outranked[]>
  /**
   * Puts settled edits in again whose entry the change log does not have, though it is later than the log's oldest one:
   * Redis has gone back to a time before them. Resolves to how many, which may not be all of them.
   * @param logged the id of the oldest entry, then those of all entries of the last `SETTLED_FOR_MS`.
   */
  reopen(logged: readonly string[]): Promise<number>
  /** `oldestAt` = `null` when it is empty. */
  depth(): Promise<{ readonly depth: number; readonly oldestAt: Date | null }>
  /**
   * For a register in Redis that claims version `claimed`: `null` when Postgres is at least that new. If it is not (a
   * code was taken again while its deletion was under way, or a backup was restored), Postgres is right all the same:
   * what it has of the key gets a version above the claim, is put into the outbox, and is returned to be published.
   */
  overrule(key: LinkKey, claimed: number): Promise<Edit | null>
}
