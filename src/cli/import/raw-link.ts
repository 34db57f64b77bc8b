/**
 * A link as an export has it, its fields named as linkr names them and nothing checked yet. Empty text counts as absent,
 * except for a title, which may be empty in linkr.
 */
export interface RawLink {
  readonly url: unknown
  readonly code?: unknown
  /** The host it was served at. */
  readonly domain?: unknown
  readonly title?: unknown
  readonly tags?: unknown
  readonly status?: unknown
  readonly enabled?: unknown
  readonly forwardQuery?: unknown
  readonly expiresAt?: unknown
  readonly createdAt?: unknown
  /** Clicks so far. */
  readonly hits?: unknown
  /** Why this one must not become a link here, however well-formed it is. */
  readonly refused?: string | undefined
  /** What it uses and linkr does not have: it is imported without. */
  readonly lost?: readonly string[]
}

/** One row of the input, in order. */
export type SourceRow =
  | {
      readonly line: number
      readonly raw: RawLink
      /** Another link of the same row. */
      readonly isExtra?: boolean
    }
  /** A row that could not even be read. */
  | { readonly line: number; readonly problem: string }
