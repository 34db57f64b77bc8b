export interface ShownReject {
  readonly line: number
  readonly reason: string
}

/** What an import has come to so far; part of the checkpoint, so a resumed import ends with the whole story. */
export interface ImportTotals {
  readonly rows: number
  /** Further links of rows that have several: `rows + extra` is the sum of the five below. */
  readonly extra: number
  readonly created: number
  readonly updated: number
  readonly skipped: number
  readonly renamed: number
  readonly rejected: number
  /** The first ones only: memory stays bounded whatever the input. The rest is in the rejects file. */
  readonly rejects: readonly ShownReject[]
  readonly renames: readonly { readonly line: number; readonly from: string; readonly to: string }[]
  /** What came along changed, and how often. */
  readonly notes: Readonly<Record<string, number>>
}

export const NO_TOTALS: ImportTotals = {
  rows: 0,
  extra: 0,
  created: 0,
  updated: 0,
  skipped: 0,
  renamed: 0,
  rejected: 0,
  rejects: [],
  renames: [],
  notes: {},
}

const MAX_SHOWN = 1000

export function addTotals(a: ImportTotals, b: ImportTotals): ImportTotals {
  const notes: Record<string, number> = { ...a.notes }
  for (const [text, count] of Object.entries(b.notes)) notes[text] = (notes[text] ?? 0) + count
  return {
    rows: a.rows + b.rows,
    extra: a.extra + b.extra,
    created: a.created + b.created,
    updated: a.updated + b.updated,
    skipped: a.skipped + b.skipped,
    renamed: a.renamed + b.renamed,
    rejected: a.rejected + b.rejected,
    rejects: atMost(a.rejects, b.rejects),
    renames: atMost(a.renames, b.renames),
    notes,
  }
}

function atMost<T>(first: readonly T[], then: readonly T[]): readonly T[] {
  return first.length >= MAX_SHOWN ? first : [...first, ...then].slice(0, MAX_SHOWN)
}
