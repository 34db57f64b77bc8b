import type { JsonFormat, JsonRow } from './formats/format.ts'
import type { SourceRow } from './raw-link.ts'

export function toJsonRow(value: unknown, line: number, format: JsonFormat): SourceRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { line, problem: 'is not a JSON object' }
  }
  return { line, raw: format.toRaw(value as JsonRow) }
}
