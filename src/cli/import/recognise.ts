import { parse } from 'csv-parse/sync'
import { UsageError } from '../cli-error.ts'
import { shorten } from '../terminal/shorten.ts'
import { visible } from '../terminal/visible.ts'
import { type CsvFormat, type FormatName, type JsonFormat, normalizeColumn } from './formats/format.ts'
import { CSV_FORMATS, JSON_FORMATS } from './formats/formats.ts'
import { type JsonShape, jsonShape } from './json-shape.ts'
import type { Headed } from './read-head.ts'

export interface RecognisedCsv {
  readonly kind: 'csv'
  readonly format: CsvFormat
  readonly delimiter: string
  /** Whether `mysql --batch` wrote it: a quote is a character like any other, and a backslash escapes. */
  readonly isBatch: boolean
}

export interface RecognisedJson {
  readonly kind: 'json'
  readonly format: JsonFormat
  readonly rows: JsonShape['rows']
}

export const DELIMITERS = [',', ';', '\t', '|'] as const

/**
 * Tells whose export this is by its header or first row.
 * @param forced what `--format` says; then only its columns have to be there.
 * @throws {UsageError} that says what was found and what would be understood.
 */
export function recognise(
  { head, isUtf16 }: Headed,
  name: string,
  forced?: FormatName,
): RecognisedCsv | RecognisedJson {
  if (head.trim() === '') throw new UsageError(`${name} is empty.`)
  if (/^\s*[[{]/.test(head)) return recogniseJson(head, name, forced)
  const { format, delimiter } = recogniseCsv(head, name, forced)
  // A spreadsheet quotes what needs it, and what it calls Unicode text is UTF-16; one that quotes all quotes the header.
  const isBatch = format.isTable === true && delimiter === '\t' && !isUtf16 && !/^\s*"/.test(head)
  return { kind: 'csv', format, delimiter, isBatch }
}

function recogniseJson(head: string, name: string, forced: FormatName | undefined): RecognisedJson {
  const shape = jsonShape(head)
  const candidates = JSON_FORMATS.filter((format) => forced === undefined || format.name === forced)
  if (candidates.length === 0) throw new UsageError(`${name} is JSON, but --format ${forced} is a CSV.`)
  if (shape === null) throw new UsageError(`${name} is not valid JSON. ${known()}`)
  const { rows, keys } = shape
  // An export of nothing is no mistake, and needs no format.
  const isEmpty = keys.size === 0 && rows !== 'lines'
  const recognised = candidates.find(({ marks }) => marks.every((mark) => keys.has(mark)))
  const format = recognised ?? (forced !== undefined || isEmpty ? candidates.at(-1) : undefined)
  if (format === undefined) {
    const error = errorIn(head)
    if (error !== undefined) throw new UsageError(`${name} holds an error instead of links: "${error}"`)
    throw new UsageError(`${name} is JSON, but no export that linkr knows: ${listed([...keys])}. ${known()}`)
  }
  return { kind: 'json', format, rows }
}

function recogniseCsv(head: string, name: string, forced: FormatName | undefined) {
  const candidates = CSV_FORMATS.filter((format) => forced === undefined || format.name === forced)
  if (candidates.length === 0) throw new UsageError(`${name} is not JSON, but --format ${forced} is.`)
  for (const delimiter of DELIMITERS) {
    const columns = new Set(headerOf(head, delimiter).map(normalizeColumn))
    const format = candidates.find(({ marks }) => marks.every((mark) => columns.has(mark)))
    if (format !== undefined) return { format, delimiter }
  }
  if (head.includes('\0')) throw new UsageError(`${name} is not a text file. ${known()}`)
  const found = listed(headerOf(head, ','))
  const [only] = candidates
  if (forced !== undefined && only !== undefined) {
    throw new UsageError(`${name} lacks columns of a ${only.label}; its first line has ${found}.`)
  }
  throw new UsageError(`${name} is no export that linkr knows; its first line has ${found}. ${known()}`)
}

/** What an API said that had no export to give. */
function errorIn(head: string): string | undefined {
  const [, text] = /^\s*\{\s*"(?:error|message)"\s*:\s*"([^"\\]*)"/.exec(head) ?? []
  return text === undefined ? undefined : shorten(visible(text), 80)
}

export function headerOf(head: string, delimiter: string): string[] {
  try {
    const [header = []] = parse(head, { delimiter, to: 1, relax_quotes: true, relax_column_count: true })
    return header
  } catch {
    return []
  }
}

export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `"${shorten(visible(name), 30)}"`)
  return `${shown.join(', ') || 'nothing readable'}${names.length > 8 ? ', ...' : ''}`
}

function known(): string {
  const labels = new Set([...CSV_FORMATS, ...JSON_FORMATS].map(({ label }) => `  ${label}`))
  return `Known exports:\n${[...labels].join('\n')}`
}
