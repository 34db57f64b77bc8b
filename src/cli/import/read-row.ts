import type { Cells, CsvFormat, JsonFormat, JsonRow } from './formats/format.ts'
import { createLostFields } from './formats/lost-fields.ts'
import type { RawLink, SourceRow } from './raw-link.ts'

/** Exports nest four or five levels; a parser's stack and memory end somewhere. */
export const MAX_JSON_DEPTH = 100

/** What a row of a CSV has become: one link, or several if it has several codes. */
export function createCsvRowReader(format: CsvFormat): (cells: Cells, line: number) => SourceRow[] {
  const lostFields = createLostFields(format)
  return (cells, line) => {
    const links = [format.toRaw(cells)].flat()
    return links.map((raw, i) =>
      i === 0 ? { line, raw: complete(format, raw, lostFields(cells)) } : { line, raw, isExtra: true },
    )
  }
}

export function createJsonRowReader(format: JsonFormat): (value: unknown, line: number) => SourceRow {
  const lostFields = createLostFields(format)
  return (value, line) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { line, problem: 'is not a JSON object' }
    }
    const row = value as JsonRow
    return { line, raw: complete(format, format.toRaw(row), lostFields(row)) }
  }
}

/** linkr would draw a code for a link without one, and nothing leads to that: from elsewhere, such a row is refused. */
function complete({ name }: CsvFormat | JsonFormat, raw: RawLink, lost: readonly string[]): RawLink {
  const isRefused = name !== 'linkr' && raw.refused === undefined && String(raw.code ?? '') === ''
  return {
    ...raw,
    ...(isRefused ? { refused: NO_CODE } : {}),
    ...(lost.length === 0 ? {} : { lost: [...(raw.lost ?? []), ...lost] }),
  }
}

const NO_CODE = 'has no short code (the root of a domain is set with: linkr domains set HOST --root-url URL)'
