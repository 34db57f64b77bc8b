import type { Edit } from '../cache/register-store.ts'
import type { LinkKey } from '../links/link.ts'

export interface Revived {
  readonly key: LinkKey
  /** The version of the deletion. */
  readonly deletion: number
}

/** The edits that Redis may not have yet. Every method throws `SourceUnavailable` when Postgres fails. */
export interface Outbox {
  /** The oldest keys in it with what they hold now, at most `limit`. */
  pending(limit: number): Promise<readonly Edit[]>
  /**
   * Takes edits out, unless a newer version of their key has come in meanwhile. Resolves to the keys where a deletion was
   * settled and yet a link with a smaller version is.
   */
  settle(edits: readonly Edit[]): Promise<readonly Revived[]>
  /** `oldestAt` = `null` when it is empty. */
  depth(): Promise<{ readonly depth: number; readonly oldestAt: Date | null }>
  /**
   * For a register in Redis that claims version `claimed`: `null` when Postgres is at least that new. If it is not (a
   * code was taken again while its deletion was under way, or a backup was restored), Postgres is right all the same:
   * what it has of the key gets a version above the claim, and is returned to be published.
   */
  overrule(key: LinkKey, claimed: number): Promise<Edit | null>
}
