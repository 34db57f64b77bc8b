import type { RawLink } from '../raw-link.ts'

export const FORMAT_NAMES = ['bitly', 'dub', 'kutt', 'linkr', 'shlink', 'sink', 'yourls'] as const
export type FormatName = (typeof FORMAT_NAMES)[number]

/** Cells by the normalized name of their column. */
export type Cells = Readonly<Record<string, string | undefined>>
export type JsonRow = Readonly<Record<string, unknown>>

export interface CsvFormat {
  readonly name: FormatName
  /** For messages: `YOURLS (keyword, url, ...)`. */
  readonly label: string
  /** Normalized names; a header with all of them is taken for this format. */
  readonly marks: readonly string[]
  readonly toRaw: (cells: Cells) => RawLink
}

export interface JsonFormat {
  readonly name: FormatName
  readonly label: string
  /** A row with all of these is taken for this format. */
  readonly marks: readonly string[]
  readonly toRaw: (row: JsonRow) => RawLink
}

/** `Long URL`, `long_url` and `longUrl` are one column. */
export function normalizeColumn(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/** The first cell of these columns that has something in it: services rename columns as years go by. */
export function firstOf(cells: Cells, ...columns: readonly string[]): string | undefined {
  for (const column of columns) {
    const cell = cells[column]
    if (cell !== undefined && cell !== '') return cell
  }
  return undefined
}
