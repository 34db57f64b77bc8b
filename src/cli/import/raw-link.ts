import type { LinkFieldName } from '../link-fields.ts'

/**
 * A link as an export has it, its fields named as linkr names them and nothing checked yet. Empty text counts as absent,
 * except for a title, which may be empty in linkr. Its `domain` is the host it was served at, its `hits` are the clicks so
 * far.
 */
export interface RawLink extends Readonly<Partial<Record<LinkFieldName, unknown>>> {
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
