import type { FormatName } from './formats/format.ts'
import type { Input } from './open-input.ts'
import type { SourceRow } from './raw-link.ts'
import { readCsv } from './read-csv.ts'
import { readHead } from './read-head.ts'
import { readJson } from './read-json.ts'
import { readJsonLines } from './read-json-lines.ts'
import { recognise } from './recognise.ts'

export interface Rows {
  readonly format: FormatName
  readonly label: string
  /** What `line` of a row counts: lines of the file, or elements of a JSON array. */
  readonly unit: 'line' | 'item'
  readonly rows: AsyncIterable<SourceRow>
  /** Of the input, so far. */
  bytesRead(): number
}

/** The rows of an export, whosever it is. Nothing is read ahead of who consumes them. */
export async function readRows(input: Input, forced?: FormatName): Promise<Rows> {
  let bytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of input.chunks) {
      bytes += chunk.length
      yield chunk
    }
  }
  const { head, chunks } = await readHead(counted())
  const { name } = input
  const found = recognise(head, name, forced)
  const { name: format, label } = found.format
  const about = { format, label, bytesRead: () => bytes }
  if (found.kind === 'csv') return { ...about, unit: 'line', rows: readCsv(chunks, { ...found, name }) }
  if (found.rows === 'lines')
    return { ...about, unit: 'line', rows: readJsonLines(chunks, { ...found, name }) }
  const { rows } = found
  return { ...about, unit: 'item', rows: readJson(chunks, { ...found, rows, name }) }
}
