import { type CsvError, parse } from 'csv-parse'
import { CliError } from '../cli-error.ts'
import { type Cells, normalizeColumn } from './formats/format.ts'
import { decodeBatchCell } from './mysql-batch.ts'
import type { SourceRow } from './raw-link.ts'
import { createCsvRowReader } from './read-row.ts'
import type { RecognisedCsv } from './recognise.ts'

/** A quote that is never closed makes one field of the rest of the file: give up before memory does. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024

/** The links of a CSV with a header. */
export function readCsv(
  chunks: AsyncIterable<Uint8Array>,
  found: RecognisedCsv,
  name: string,
): AsyncIterable<SourceRow> {
  return readCells(chunks, found, name, createCsvRowReader(found.format))
}

/** A row that does not fit the header. */
export type UnreadableRow = { readonly line: number; readonly problem: string }

/**
 * The rows of a CSV with a header; a row that does not fit the header is a problem of its own. Rows before a mistake that
 * ends the reading are still given out, which the parser's own stream would not do.
 */
export async function* readCells<Row>(
  chunks: AsyncIterable<Uint8Array>,
  { delimiter, isBatch }: Pick<RecognisedCsv, 'delimiter' | 'isBatch'>,
  name: string,
  readRow: (cells: Cells, line: number) => readonly Row[],
): AsyncGenerator<Row | UnreadableRow, void> {
  const lineOf = createLineCounter()
  let columns: readonly string[] | undefined
  const ready: (Row | UnreadableRow)[] = []
  const parser = parse({
    delimiter,
    bom: true,
    ...(isBatch ? { quote: null } : {}),
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
    on_record(record: readonly string[], { lines }) {
      const line = lineOf(record, lines)
      if (columns === undefined) columns = record.map(normalizeColumn)
      else if (record.length !== columns.length) {
        ready.push({ line, problem: `has ${record.length} cells, but the header ${columns.length}` })
      } else ready.push(...readRow(toCells(record, columns, isBatch), line))
      return null
    },
  })
  for await (const chunk of chunks) yield* rowsAfter((done) => parser.write(chunk, done))
  yield* rowsAfter((done) => parser.end(done))

  async function* rowsAfter(
    act: (done: (error?: Error | null) => void) => void,
  ): AsyncGenerator<Row | UnreadableRow, void> {
    const problem = await new Promise<Error | undefined>((resolve) => {
      parser.once('error', resolve)
      act((error) => {
        // The callback comes first; without a listener the event would end the process.
        if (error) return
        parser.off('error', resolve)
        resolve(undefined)
      })
    })
    yield* ready.splice(0)
    if (problem !== undefined) throw new CliError(explain(problem, name), undefined, { cause: problem })
  }
}

function toCells(
  record: readonly string[],
  columns: readonly string[],
  isBatch: boolean,
): Record<string, string> {
  const cells: Record<string, string> = {}
  for (const [i, column] of columns.entries()) {
    const cell = record[i] ?? ''
    cells[column] = isBatch ? decodeBatchCell(cell) : cell
  }
  return cells
}

/**
 * Where a record starts. The parser counts to its end, and every carriage return inside a cell as a line, which adds up.
 */
function createLineCounter(): (record: readonly string[], parserLines: number) => number {
  let before = 0
  let overcounted = 0
  return (record, parserLines) => {
    const mayBreak = parserLines - before > 1
    before = parserLines
    if (!mayBreak) return parserLines - overcounted
    const text = record.join()
    const line = parserLines - overcounted - (text.match(/[\r\n]/g)?.length ?? 0)
    overcounted += text.match(/\r/g)?.length ?? 0
    return line
  }
}

function explain(error: Error, name: string): string {
  const { code, lines } = error as Partial<CsvError> & { readonly lines?: number }
  if (code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE') {
    return `${name} has a quoted cell that never ends, from line ${lines ?? '?'} on: a quote is missing there.`
  }
  return `${name} cannot be read as CSV around line ${lines ?? '?'} (${code}).`
}
