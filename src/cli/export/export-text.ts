import { stringify } from 'csv-stringify/sync'
import type { LinkResponse } from '../api/responses.ts'
import { LINK_COLUMNS, LINK_FIELDS } from '../link-fields.ts'
import { encodeCell } from './csv-cells.ts'

export const EXPORT_FORMATS = ['csv', 'jsonl', 'json'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** The text of an export, a part for each page. */
export async function* exportText(
  pages: AsyncIterable<readonly LinkResponse[]>,
  format: ExportFormat,
): AsyncGenerator<string, void> {
  if (format === 'csv') yield stringify([[...LINK_COLUMNS, 'updatedAt', 'shortUrl']])
  if (format === 'json') yield '['
  let separator = '\n'
  for await (const links of pages) {
    if (format === 'csv') yield stringify(links.map(cellsOf))
    else if (format === 'jsonl') yield links.map((link) => `${JSON.stringify(link)}\n`).join('')
    else if (links.length > 0) {
      yield separator + links.map((link) => JSON.stringify(link)).join(',\n')
      separator = ',\n'
    }
  }
  if (format === 'json') yield '\n]\n'
}

function cellsOf(link: LinkResponse): string[] {
  const cells = LINK_COLUMNS.map((name) => encodeCell(LINK_FIELDS[name].cell, link[name]))
  return [...cells, link.updatedAt, link.shortUrl]
}
