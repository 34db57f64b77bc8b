import * as v from 'valibot'

const count = v.number()
const COUNTS = ['rows', 'created', 'updated', 'skipped', 'renamed', 'rejected'] as const

/** What an import has come to so far; part of the checkpoint, so a resumed import ends with the whole story. */
export const importTotals = v.object({
  ...v.entriesFromList(COUNTS, count),
  /** Further links of rows that have several: `rows + extra` is the sum of the five other counts. */
  extra: v.optional(count, 0),
  /** The first ones only: memory stays bounded whatever the input. The rest is in the rejects file. */
  rejects: v.array(v.object({ line: count, reason: v.string() })),
  renames: v.array(v.object({ line: count, from: v.string(), to: v.string() })),
  /** What came along changed, and how often. */
  notes: v.record(v.string(), count),
})
export type ImportTotals = Readonly<v.InferOutput<typeof importTotals>>

export const NO_TOTALS: ImportTotals = {
  ...{ rows: 0, extra: 0, created: 0, updated: 0, skipped: 0, renamed: 0, rejected: 0 },
  ...{ rejects: [], renames: [], notes: {} },
}

const MAX_SHOWN = 1000

export function addTotals(a: ImportTotals, b: ImportTotals): ImportTotals {
  const sum = { ...a, notes: { ...a.notes } }
  for (const name of [...COUNTS, 'extra'] as const) sum[name] += b[name]
  for (const [text, count] of Object.entries(b.notes)) sum.notes[text] = (sum.notes[text] ?? 0) + count
  sum.rejects = atMost(a.rejects, b.rejects)
  sum.renames = atMost(a.renames, b.renames)
  return sum
}

function atMost<T>(first: T[], then: readonly T[]): T[] {
  return first.length >= MAX_SHOWN ? first : [...first, ...then].slice(0, MAX_SHOWN)
}
