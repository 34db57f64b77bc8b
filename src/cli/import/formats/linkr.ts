import { decodeTags, decodeText } from '../../export/csv-cells.ts'
import type { Cells, CsvFormat, JsonFormat } from './format.ts'

const FIELDS = [
  ...[
    'url',
    'code',
    'domain',
    'title',
    'tags',
    'status',
    'enabled',
    'forwardQuery',
    'expiresAt',
    'createdAt',
  ],
  ...['hits', 'hitsElsewhere'],
]
/** What a link has from the linkr that it comes from, and what a rejects file says of its rows. */
const MEANINGLESS = ['id', 'version', 'updatedAt', 'shortUrl', 'lastHitAt', 'line', 'reason']
const READS = [...FIELDS, ...MEANINGLESS]

const own = { name: 'linkr', caveats: [], forwardsQuery: false, namesHosts: true, lost: {} } as const

/** linkr's own CSV, also a file of its rejected rows, repaired. Without a code one is drawn. */
export const linkrCsv: CsvFormat = {
  ...own,
  label: 'linkr CSV (domain, code, url, title, tags, ...)',
  isOwn: true,
  marks: ['code', 'url'],
  reads: READS.map((field) => field.toLowerCase()),
  toRaw(cells) {
    return {
      url: textOf(cells, 'url'),
      code: textOf(cells, 'code'),
      domain: textOf(cells, 'domain'),
      title: decodeText(cells.title ?? ''),
      tags: decodeTags(cells.tags ?? ''),
      status: textOf(cells, 'status'),
      enabled: textOf(cells, 'enabled'),
      forwardQuery: textOf(cells, 'forwardquery'),
      expiresAt: textOf(cells, 'expiresat'),
      createdAt: textOf(cells, 'createdat'),
      hits: textOf(cells, 'hits') || textOf(cells, 'hitselsewhere'),
    }
  },
}

/** Rejected rows of another shortener's export: their clicks were counted elsewhere. */
export const linkrRejectsCsv: CsvFormat = {
  ...linkrCsv,
  label: 'linkr CSV of rejected rows (line, reason, domain, code, url, ...)',
  isOwn: false,
  marks: ['code', 'url', 'hitselsewhere'],
}

/** Every cell of a rejects file may be escaped. */
function textOf(cells: Cells, column: string): string {
  return decodeText(cells[column] ?? '') ?? ''
}

/** linkr's own JSON, as an array or one link a line: the link as the API shows it. */
export const linkrJson: JsonFormat = {
  ...own,
  label: 'linkr JSON or JSON lines ({"domain", "code", "url", ...})',
  isOwn: true,
  marks: ['code', 'url'],
  reads: READS,
  toRaw: ({
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
    ...rest
  }) => ({
    ...{ url, code, domain, title, tags, status, enabled, forwardQuery, expiresAt, createdAt },
    hits: rest.hits ?? rest.hitsElsewhere,
  }),
}

export const linkrRejectsJson: JsonFormat = {
  ...linkrJson,
  label: 'linkr JSON lines of rejected rows ({"line", "reason", "domain", "code", "url", ...})',
  isOwn: false,
  marks: ['code', 'url', 'hitsElsewhere'],
}
