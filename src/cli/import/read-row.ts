import type { Cells, CsvFormat, JsonFormat, JsonRow } from './formats/format.ts'
import { createLostFields } from './formats/lost-fields.ts'
import type { RawLink, SourceRow } from './raw-link.ts'

/** Exports nest four or five levels; a parser's stack and memory end somewhere. */
export const MAX_JSON_DEPTH = 100

/** What a row of a CSV has become: one link, or several if it has several codes. */
export function createCsvRowReader(format: CsvFormat): (cells: Cells, line: number) => SourceRow[] {
  const lostFields = createLostFields(format)
  return (cells, line) => {
    const read = format.toRaw(cells)
    const links = isList(read) ? read : [read]
    const lost = lostFields(cells)
    return links.map((raw, i) => ({
      line,
      raw: i === 0 ? withLost(raw, lost) : raw,
      ...(i === 0 ? {} : { isExtra: true }),
    }))
  }
}

export function createJsonRowReader(format: JsonFormat): (value: unknown, line: number) => SourceRow {
  const lostFields = createLostFields(format)
  return (value, line) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { line, problem: 'is not a JSON object' }
    }
    const row = value as JsonRow
    return { line, raw: withLost(format.toRaw(row), lostFields(row)) }
  }
}

function withLost(raw: RawLink, lost: readonly string[]): RawLink {
  return lost.length === 0 ? raw : { ...raw, lost: [...(raw.lost ?? []), ...lost] }
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}
