import { shorten } from '../../terminal/shorten.ts'
import { visible } from '../../terminal/visible.ts'
import type { CsvFormat } from './format.ts'

/** Tells which fields of a row hold something that no link has a place for. */
export function createLostFields({ reads, lost = {} }: Pick<CsvFormat, 'reads' | 'lost'>) {
  const known = new Set(reads)
  const names = new Map(Object.entries(lost))
  return (row: Readonly<Record<string, unknown>>): string[] => {
    const found = new Set<string>()
    for (const [field, value] of Object.entries(row)) {
      if (!known.has(field) && holdsSomething(value)) found.add(names.get(field) ?? nameOf(field))
    }
    return [...found]
  }

  /** A file may have any number of fields, and each name stays in the report. */
  function nameOf(field: string): string {
    if (names.size >= MAX_NAMES) return 'other fields'
    const name = `field "${shorten(visible(field), 40)}"`
    names.set(field, name)
    return name
  }
}

const MAX_NAMES = 50

function holdsSomething(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  if (typeof value === 'string') return !/^\s*(?:|0|no|false|null)\s*$/i.test(value)
  return value !== undefined && value !== null && value !== false && value !== 0
}
