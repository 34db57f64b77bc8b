import { type CsvCell, csvText } from '../../api/contract/csv.ts'
import { streamText } from './stream-text.ts'
import type { Terminal } from './terminal.ts'

export async function printCsv(
  terminal: Terminal,
  header: readonly string[],
  rows: Iterable<readonly CsvCell[]>,
): Promise<void> {
  async function* text() {
    yield csvText(header, rows)
  }
  await streamText(terminal, text())
}
