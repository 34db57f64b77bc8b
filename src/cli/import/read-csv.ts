import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { CliError } from '../cli-error.ts'
import { type CsvFormat, normalizeColumn } from './formats/format.ts'
import type { SourceRow } from './raw-link.ts'

export interface ReadCsvOptions {
  readonly format: CsvFormat
  readonly delimiter: string
  /** For messages. */
  readonly name: string
}

/** A quote that is never closed makes one field of the rest of the file: give up before memory does. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024

interface Parsed {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

/** The rows of a CSV with a header; a row that does not fit the header is a problem of its own. */
export async function* readCsv(
  chunks: AsyncIterable<Uint8Array>,
  { format, delimiter, name }: ReadCsvOptions,
): AsyncGenerator<SourceRow, void> {
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
  })
  const source = Readable.from(chunks, { objectMode: false })
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let columns: readonly string[] | undefined
  let linesBefore = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      const line = info.lines - (info.lines - linesBefore > 1 ? breaksIn(record) : 0)
      linesBefore = info.lines
      if (columns === undefined) columns = record.map(normalizeColumn)
      else yield toRow(record, columns, line, format)
    }
  } catch (error) {
    if (error instanceof CsvError) throw new CliError(explain(error, name), undefined, { cause: error })
    throw error
  } finally {
    source.destroy()
    parser.destroy()
  }
}

function toRow(
  record: readonly string[],
  columns: readonly string[],
  line: number,
  format: CsvFormat,
): SourceRow {
  if (record.length !== columns.length) {
    return { line, problem: `has ${record.length} cells, but the header ${columns.length}` }
  }
  const cells: Record<string, string> = {}
  for (let i = 0; i < columns.length; i++) cells[columns[i] ?? ''] = record[i] ?? ''
  return { line, raw: format.toRaw(cells) }
}

function breaksIn(record: readonly string[]): number {
  return record.reduce((count, cell) => count + cell.split('\n').length - 1, 0)
}

function explain({ code, lines }: CsvError & { lines?: number }, name: string): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE') {
    return `${name} has a quoted cell that never ends, from line ${lines ?? '?'} on: a quote is missing there.`
  }
  return `${name} cannot be read as CSV around line ${lines ?? '?'} (${code}).`
}
