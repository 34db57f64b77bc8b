import { decodeTags, decodeText } from '../../export/csv-cells.ts'
import type { CsvFormat, JsonFormat } from './format.ts'

/** linkr's own CSV, also a file of rejected rows, repaired. Without a code one is drawn. */
export const linkrCsv: CsvFormat = {
  name: 'linkr',
  label: 'linkr CSV (domain, code, url, title, tags, ...)',
  marks: ['code', 'url'],
  toRaw(cells) {
    return {
      url: cells.url,
      code: cells.code,
      domain: cells.domain,
      title: decodeText(cells.title ?? ''),
      tags: decodeTags(cells.tags ?? ''),
      status: cells.status,
      enabled: cells.enabled,
      forwardQuery: cells.forwardquery,
      expiresAt: cells.expiresat,
      createdAt: cells.createdat,
      hits: cells.hits,
    }
  },
}

/** linkr's own JSON, as an array or one link a line: the link as the API shows it. */
export const linkrJson: JsonFormat = {
  name: 'linkr',
  label: 'linkr JSON or JSON lines ({"domain", "code", "url", ...})',
  marks: ['code', 'url'],
  toRaw: ({ url, code, domain, title, tags, status, enabled, forwardQuery, expiresAt, createdAt, hits }) => ({
    url,
    code,
    domain,
    title,
    tags,
    status,
    enabled,
    forwardQuery,
    expiresAt,
    createdAt,
    hits,
  }),
}
