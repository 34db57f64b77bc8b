import { accepts } from 'hono/accepts'
import { type CsvCell, csvText } from '../contract/csv.ts'
import type { ApiContext } from './caller.ts'

/** Whether a client would rather have a table than JSON. */
export function wantsCsv(c: ApiContext): boolean {
  c.header('Vary', 'Accept')
  return accepts(c, { header: 'Accept', supports: [JSON_TYPE, CSV_TYPE], default: JSON_TYPE }) === CSV_TYPE
}

const JSON_TYPE = 'application/json'
const CSV_TYPE = 'text/csv'

export function csvResponse(
  c: ApiContext,
  header: readonly string[],
  rows: Iterable<readonly CsvCell[]>,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return c.body(csvText(header, rows), 200, {
    'Content-Type': `${CSV_TYPE}; charset=utf-8; header=present`,
    ...headers,
  })
}
