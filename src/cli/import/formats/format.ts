import type { RawLink } from '../raw-link.ts'

export const FORMAT_NAMES = ['bitly', 'dub', 'kutt', 'linkr', 'shlink', 'sink', 'yourls'] as const
export type FormatName = (typeof FORMAT_NAMES)[number]

/** Cells by the normalized name of their column. */
export type Cells = Readonly<Record<string, string | undefined>>
export type JsonRow = Readonly<Record<string, unknown>>

interface Format {
  readonly name: FormatName
  /** For messages: `YOURLS (keyword, url, ...)`. */
  readonly label: string
  /** What it does not bring along, and where its links behaved otherwise: said before anything is imported. */
  readonly caveats: readonly string[]
  /** What protects a link there, is not in the file, and so leaves it open to everyone here. */
  readonly arrivesWithout?: string
  /** Whether a redirect there passes the visitor's query string on, unless the link says otherwise. */
  readonly forwardsQuery: boolean
  /** Whether it says at which host a link was served. */
  readonly namesHosts: boolean
  /** Whether it is an export of linkr itself, whose click totals include what linkr has counted. */
  readonly isOwn?: true
  /** Fields that are read, or that mean nothing elsewhere. All others are reported as lost where they hold something. */
  readonly reads: readonly string[]
  /** What to call a field that is lost. */
  readonly lost?: Readonly<Record<string, string>>
}

export interface CsvFormat extends Format {
  /** Normalized names; a header with all of them is taken for this format. */
  readonly marks: readonly string[]
  /** Whether `mysql --batch` may have written it: tab-separated, without quotes, with escapes. */
  readonly isTable?: true
  /** Several links = a row that has several codes; all clicks are the first one's. */
  readonly toRaw: (cells: Cells) => RawLink | readonly [RawLink, ...RawLink[]]
}

export interface JsonFormat extends Format {
  /** A row with all of these is taken for this format. */
  readonly marks: readonly string[]
  readonly toRaw: (row: JsonRow) => RawLink
  /** What is wrong with a file of `items` links whose pages say this of themselves; `undefined` = it is whole. */
  readonly missing?: (pages: PageFacts, items: number) => string | undefined
}

/** What pages say beside their links. */
export interface PageFacts {
  /** The greatest `total`; 0 = none said so. */
  readonly total: number
  /** All `count`s together. */
  readonly counted: number
  /** The last `list_complete`. */
  readonly isLast: boolean | undefined
}

/** `Long URL`, `long_url` and `longUrl` are one column. */
export function normalizeColumn(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/** The first cell of these columns that has something in it: services rename columns as years go by. */
export function firstOf(cells: Cells, ...columns: readonly string[]): string | undefined {
  return columns.map((column) => cells[column]).find((cell) => cell !== undefined && cell !== '')
}
