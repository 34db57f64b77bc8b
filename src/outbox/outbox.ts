import type { Edit } from '../cache/register-store.ts'
import type { LinkKey } from '../links/link.ts'

/** A link whose version is smaller than one that Redis has, or may yet get, for its key. */
export interface Outranked {
  readonly key: LinkKey
  /** The greater version. */
  readonly version: number
}

/** The edits that Redis may not have yet. Every method throws `SourceUnavailable` when Postgres fails. */
export interface Outbox {
  /** The oldest keys in it with what they hold now, at most `limit`. */
  pending(limit: number): Promise<readonly Edit[]>
  /**
   * Takes edits out, unless a newer version of their key has come in meanwhile or the link there is outranked. Resolves
   * to the outranked ones: their codes were taken again while the links that had them were being deleted.
   */
  settle(edits: readonly Edit[]): Promise<readonly Outranked[]>
  /** `oldestAt` = `null` when it is empty. */
  depth(): Promise<{ readonly depth: number; readonly oldestAt: Date | null }>
  /**
   * For a register in Redis that claims version `claimed`: `null` when Postgres is at least that new. If it is not (a
   * code was taken again while its deletion was under way, or a backup was restored), Postgres is right all the same:
   * what it has of the key gets a version above the claim, is put into the outbox, and is returned to be published.
   */
  overrule(key: LinkKey, claimed: number): Promise<Edit | null>
}
