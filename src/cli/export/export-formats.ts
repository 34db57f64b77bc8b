import { stringify } from 'csv-stringify/sync'
import type { LinkResponse } from '../api/responses.ts'
import { encodeTags, encodeText } from './csv-cells.ts'

export const EXPORT_FORMATS = ['csv', 'jsonl', 'json'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Text of an export: `start`, the pages, `end`. */
export interface ExportWriter {
  readonly start: string
  page(links: readonly LinkResponse[]): string
  readonly end: string
}

const COLUMNS = [
  'domain',
  'code',
  'url',
  'title',
  'tags',
  'status',
  'enabled',
  'forwardQuery',
  'expiresAt',
  'hits',
  'createdAt',
  'updatedAt',
  'shortUrl',
] as const satisfies readonly (keyof LinkResponse)[]

export function createExportWriter(format: ExportFormat): ExportWriter {
  switch (format) {
    case 'csv':
      return {
        start: stringify([COLUMNS]),
        page: (links) => stringify(links.map((link) => COLUMNS.map((column) => cellOf(link, column)))),
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

function cellOf(link: LinkResponse, column: (typeof COLUMNS)[number]): string {
  if (column === 'tags') return encodeTags(link.tags)
  if (column === 'title') return encodeText(link.title)
  return String(link[column] ?? '')
}
