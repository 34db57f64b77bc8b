import * as v from 'valibot'

const count = v.number()

/** What an import has come to so far; part of the checkpoint, so a resumed import ends with the whole story. */
export const importTotals = v.object({
  rows: count,
  /** Further links of rows that have several: `rows + extra` is the sum of the five below. */
  extra: v.optional(count, 0),
  created: count,
  updated: count,
  skipped: count,
  renamed: count,
  rejected: count,
  /** The first ones only: memory stays bounded whatever the input. The rest is in the rejects file. */
  rejects: v.array(v.object({ line: count, reason: v.string() })),
  renames: v.array(v.object({ line: count, from: v.string(), to: v.string() })),
  /** What came along changed, and how often. */
  notes: v.record(v.string(), count),
})
export type ImportTotals = Readonly<v.InferOutput<typeof importTotals>>

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

function atMost<T>(first: T[], then: readonly T[]): T[] {
  return first.length >= MAX_SHOWN ? first : [...first, ...then].slice(0, MAX_SHOWN)
}
