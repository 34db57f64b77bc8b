import { stringify } from 'csv-stringify/sync'
import type { LinkResponse } from '../api/responses.ts'
import { LINK_COLUMNS, LINK_FIELDS } from '../link-fields.ts'
import { encodeCell } from './csv-cells.ts'

export const EXPORT_FORMATS = ['csv', 'jsonl', 'json'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Text of an export: `start`, the pages, `end`. */
export interface ExportWriter {
  readonly start: string
  page(links: readonly LinkResponse[]): string
  readonly end: string
}

export function createExportWriter(format: ExportFormat): ExportWriter {
  switch (format) {
    case 'csv':
      return {
        start: stringify([[...LINK_COLUMNS, 'updatedAt', 'shortUrl']]),
        page: (links) => stringify(links.map(cellsOf)),
        end: '',
      }
    case 'jsonl':
      return {
        start: '',
        page: (links) => links.map((link) => `${JSON.stringify(link)}\n`).join(''),
        end: '',
      }
    case 'json': {
      let separator = '\n'
      return {
        start: '[',
        page: (links) =>
          links
            .map((link) => {
              const text = `${separator}${JSON.stringify(link)}`
              separator = ',\n'
              return text
            })
            .join(''),
        end: '\n]\n',
      }
    }
    default:
      return format satisfies never
  }
}

function cellsOf(link: LinkResponse): string[] {
  const cells = LINK_COLUMNS.map((name) => encodeCell(LINK_FIELDS[name].cell, link[name]))
  return [...cells, link.updatedAt, link.shortUrl]
}
