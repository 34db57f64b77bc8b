import type { Cells } from '../formats/format.ts'

export const VISIT_FORMAT_NAMES = ['shlink', 'yourls', 'days'] as const
export type VisitFormatName = (typeof VISIT_FORMAT_NAMES)[number]

/** A visit, or several that are alike, as an export has it. Nothing is checked yet. */
export interface RawVisit {
  /** The short URL that was visited, `null` = not told; or its code alone. */
  readonly link: { readonly url: string } | { readonly code: string } | null
  readonly at: string
  /** '' = one. */
  readonly hits: string
  readonly isBot: boolean
  /** '' = not told. */
  readonly userAgent: string
  readonly referrer: string
  /** A name or a code. */
  readonly country: string
  readonly region: string
  readonly city: string
  /** Why it is no visit to a link. */
  readonly skipped?: string
}

export interface VisitFormat {
  readonly name: VisitFormatName
  /** For messages. */
  readonly label: string
  /** What it does not bring along, said before anything is imported. */
  readonly caveats: readonly string[]
  /** Normalized names of columns, any of each group; a header with all of them is taken for this format. */
  readonly marks: readonly (readonly string[])[]
  /** Whether `mysql --batch` may have written it. */
  readonly isTable?: true
  readonly toRaw: (cells: Cells) => RawVisit
}
