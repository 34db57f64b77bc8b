import type { LinkKey, LinkRecord, WrittenKey } from '../links/link.ts'
import type { LinkChanges, LinkFields } from './link-fields.ts'
import type { LinkFilter } from './link-filter.ts'
import type { WriteStep } from './write-step.ts'

export interface LinkDraft extends LinkKey {
  /** Its place in the request. */
  readonly index: number
  readonly fields: LinkFields
  /** `undefined` = now, or as it is. */
  readonly createdAt?: Date | undefined
  /** Hits counted elsewhere; `undefined` = none, or as they are. */
  readonly baseline?: number | undefined
}

/** `restore`: a draft's `baseline` is a total that includes the hits counted here, so far or when it was exported. */
export type Overwriting = 'overwrite' | 'restore'

export interface WrittenLink extends LinkRecord {
  /** Of its draft. */
  readonly index: number
  /** `false` = there was a link, and it has been overwritten. */
  readonly isNew: boolean
  /** See `Edit`. */
  readonly isFirst: boolean
  /** Whether an earlier attempt at the request wrote it: it is as it was then, and may have been changed since. */
  readonly isRepeated: boolean
}

export interface TakenKey extends LinkKey {
  readonly url: string
}

export interface BulkChange {
  /** How many links were meant; counting stops at `MAX_MATCHED`. */
  readonly matched: number
  /** As they are now, at most `MAX_CHANGED` of those meant. */
  readonly changed: readonly LinkRecord[]
  /** The keys that they have left. */
  readonly vacated: readonly WrittenKey[]
}

export interface BulkMatch {
  readonly matched: number
  readonly ids: readonly string[]
  /** How many cannot move because there is a link with their code; counting stops at `MAX_MATCHED`. */
  readonly taken: number
}

/** No client needs a greater count. */
export const MAX_MATCHED = 100_000
/** What one statement locks, and one Redis round trip publishes. */
export const MAX_CHANGED = 1_000

/**
 * Writes of many links, each of them one SQL statement that fills the outbox too. Every method throws
 * `SourceUnavailable` when Postgres fails, and has then changed nothing.
 */
export interface BulkStore {
  /**
   * Writes links of different keys; those whose key is taken are overwritten, or kept and left out of the result.
   * @param drafts in any order; so is the result.
   * @param step `null` = of a request without Idempotency-Key. Throws `ClaimLost`.
   */
  write(
    drafts: readonly LinkDraft[],
    onTaken: 'keep' | Overwriting,
    step: WriteStep | null,
  ): Promise<readonly WrittenLink[]>
  /** Which of these keys are taken, and by what. */
  taken(keys: readonly LinkKey[]): Promise<readonly TakenKey[]>
  /** For each key the `count` lowest numbers from 2 on that make `<code>-<number>` free. */
  freeSuffixes(
    keys: readonly (LinkKey & { readonly count: number })[],
  ): Promise<readonly (readonly number[])[]>
  /**
   * Changes links that match and differ from `changes`, so that repeating it comes to an end. Those that would get too
   * many tags, or whose code is taken where they would move, are left alone.
   */
  update(filter: LinkFilter, changes: LinkChanges): Promise<BulkChange>
  delete(filter: LinkFilter): Promise<BulkChange>
  /** What `update` with these changes, or `delete` without, would do. */
  match(filter: LinkFilter, changes: LinkChanges | null): Promise<BulkMatch>
}
