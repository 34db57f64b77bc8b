import type { CsvFormat, FormatName, JsonFormat } from './formats/format.ts'
import type { Input } from './open-input.ts'
import type { SourceRow } from './raw-link.ts'
import { readCsv } from './read-csv.ts'
import { readHead } from './read-head.ts'
import { readJson } from './read-json.ts'
import { readJsonLines } from './read-json-lines.ts'
import { type RecognisedCsv, type RecognisedJson, recognise } from './recognise.ts'
import { createTextCheck } from './text-check.ts'

export interface Rows {
  readonly format: CsvFormat | JsonFormat
  /** What `line` of a row counts: lines of the file, or elements of a JSON array. */
  readonly unit: 'line' | 'item'
  readonly rows: AsyncIterable<SourceRow>
  /** Of the input, so far. */
  bytesRead(): number
}

export interface ReadRowsOptions {
  /** What `--format` says. */
  readonly format?: FormatName | undefined
  /** What `--encoding` says. */
  readonly encoding?: string | undefined
  /** Whether links that do not say so themselves pass query strings on; `undefined` = as where they come from. */
  readonly forwardQuery?: boolean | undefined
}

/** The rows of an export, whosever it is. Nothing is read ahead of who consumes them. */
export async function readRows(input: Input, options: ReadRowsOptions = {}): Promise<Rows> {
  let bytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of input.chunks) {
      bytes += chunk.length
      yield chunk
    }
  }
  const { name } = input
  const start = await readHead(counted(), name, options.encoding)
  const found = recognise(start, name, options.format)
  const { format } = found
  const forwards = options.forwardQuery ?? (format.forwardsQuery || undefined)
  const check = createTextCheck()
  const rows = async function* (): AsyncGenerator<SourceRow, void> {
    for await (const row of rowsOf(found, check.watch(start.chunks), name)) {
      if ('problem' in row) yield row
      else if (check.isGarbled(row.raw)) yield { line: row.line, problem: NOT_UTF8 }
      else if (forwards === undefined || (row.raw.forwardQuery ?? '') !== '') yield row
      else yield { ...row, raw: { ...row.raw, forwardQuery: forwards } }
    }
  }
  return {
    format,
    unit: found.kind === 'csv' || found.rows === 'lines' ? 'line' : 'item',
    rows: rows(),
    bytesRead: () => bytes,
  }
}

const NOT_UTF8 = 'is not UTF-8: import the file again with its --encoding, such as windows-1252'

function rowsOf(
  found: RecognisedCsv | RecognisedJson,
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncIterable<SourceRow> {
  if (found.kind === 'csv') return readCsv(chunks, found, name)
  return found.rows === 'lines' ? readJsonLines(chunks, found.format, name) : readJson(chunks, found, name)
}
