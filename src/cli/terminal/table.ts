import { columnsOf, shorten } from './shorten.ts'
import { paint, print, type Terminal, widthOf } from './terminal.ts'
import { visible } from './visible.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number | boolean | null
  /** Numbers read better at the right. */
  readonly align?: 'right'
  /** Cut to what room is left on the terminal; one column of a table. */
  readonly flexible?: boolean
}

const GAP = '  '
const MIN_FLEXIBLE = 16

/** Aligned columns with a header on a terminal; bare lines of tab-separated cells, uncut, in a pipe. */
export function printTable<Row>(
  terminal: Terminal,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): void {
  const cells = rows.map((row) => columns.map((column) => visible(String(column.value(row) ?? ''))))
  if (terminal.stdout.isTTY !== true) {
    for (const line of cells) print(terminal, line.join('\t'))
    return
  }
  const widths = columnWidths(columns, cells, widthOf(terminal))
  const render = (line: readonly string[]): string =>
    line
      .map((cell, i) => {
        const width = widths[i] ?? 0
        const text = shorten(cell, width)
        const blanks = ' '.repeat(width - columnsOf(text))
        return columns[i]?.align === 'right' ? blanks + text : text + blanks
      })
      .join(GAP)
      .trimEnd()
  print(terminal, paint(terminal, terminal.stdout, 'bold', render(columns.map(({ title }) => title))))
  for (const line of cells) print(terminal, render(line))
}

function columnWidths<Row>(
  columns: readonly Column<Row>[],
  cells: readonly string[][],
  room: number,
): number[] {
  const widths = columns.map(({ title }, i) =>
    cells.reduce((width, line) => Math.max(width, columnsOf(line[i] ?? '')), title.length),
  )
  const excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - room
  const flexible = columns.findIndex((column) => column.flexible)
  if (excess <= 0 || flexible === -1) return widths
  return widths.map((width, i) => (i === flexible ? Math.max(MIN_FLEXIBLE, width - excess) : width))
}

/** One thing: its fields below each other, or one line each as `name<tab>value` in a pipe. */
export function printFields(
  terminal: Terminal,
  fields: readonly (readonly [string, string | number | boolean | null])[],
): void {
  const names = fields.map(([name]) => visible(name))
  const width = Math.max(...names.map(columnsOf))
  for (const [i, [, value]] of fields.entries()) {
    const name = names[i] ?? ''
    const text = visible(String(value ?? ''))
    const label = paint(terminal, terminal.stdout, 'dim', name + ' '.repeat(width - columnsOf(name)))
    print(terminal, terminal.stdout.isTTY === true ? `${label}${GAP}${text}` : `${name}\t${text}`)
  }
}
