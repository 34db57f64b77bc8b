import type { RegisterKey } from '../links/register-key.ts'
import type { Edit } from './edit.ts'

/** A key whose version is smaller than one that Redis has, or may yet get, for it. */
export interface Outranked {
  readonly key: RegisterKey
  /** The greater version. */
  readonly version: number
}

/**
 * A register in Redis that is older is refreshed before it is served, so older edits need not be brought back: see
 * freshness.ts. With a margin for clocks.
 */
export const SETTLED_FOR_MS = 70 * 60 * 1000

/** What Postgres holds, and which edits Redis may not have yet. Every method throws `SourceUnavailable` when Postgres fails. */
export interface Outbox {
  /** What Postgres holds of keys now, in their order; version 0 where there is nothing. */
  current(keys: readonly RegisterKey[]): Promise<readonly Edit[]>
  /** The oldest keys in it with what they hold now, at most `limit`. */
  pending(limit: number): Promise<readonly Edit[]>
  /**
   * Takes edits out, unless a newer version of their key has come in meanwhile or what is there is outranked. Resolves
   * to the outranked keys: each was taken again while the link or the settings that had it were being deleted.
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
  bumpAbove(key: RegisterKey, claimed: number): Promise<Edit | null>
}
