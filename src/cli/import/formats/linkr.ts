import { decodeCell } from '../../export/csv-cells.ts'
import { eachField, LINK_FIELD_NAMES, LINK_FIELDS } from '../../link-fields.ts'
import type { CsvFormat, JsonFormat } from './format.ts'

/** What a link has from the linkr that it comes from, and what a rejects file says of its rows. */
const MEANINGLESS = ['id', 'version', 'updatedAt', 'shortUrl', 'lastHitAt', 'line', 'reason']
const READS = [...LINK_FIELD_NAMES, 'hitsElsewhere', ...MEANINGLESS]

const own = { name: 'linkr', caveats: [], forwardsQuery: false, namesHosts: true } as const

/** linkr's own CSV, also a file of its rejected rows, repaired. Without a code one is drawn. */
export const linkrCsv: CsvFormat = {
  ...own,
  label: 'linkr CSV (domain, code, url, title, tags, ...)',
  isOwn: true,
  marks: ['code', 'url'],
  reads: READS.map((field) => field.toLowerCase()),
  toRaw(cells) {
    const link = eachField((name) => decodeCell(LINK_FIELDS[name].cell, cells[name.toLowerCase()]))
    return { ...link, hits: link.hits || decodeCell(undefined, cells.hitselsewhere) }
  },
}

/** Rejected rows of another shortener's export: their clicks were counted elsewhere. */
export const linkrRejectsCsv: CsvFormat = {
  ...own,
  label: 'linkr CSV of rejected rows (line, reason, domain, code, url, ...)',
  marks: ['code', 'url', 'hitselsewhere'],
  reads: linkrCsv.reads,
  toRaw: linkrCsv.toRaw,
}

/** linkr's own JSON, as an array or one link a line: the link as the API shows it. */
export const linkrJson: JsonFormat = {
  ...own,
  label: 'linkr JSON or JSON lines ({"domain", "code", "url", ...})',
  isOwn: true,
  marks: ['code', 'url'],
  reads: READS,
  toRaw: (row) => ({ ...eachField((name) => row[name]), hits: row.hits ?? row.hitsElsewhere }),
}

export const linkrRejectsJson: JsonFormat = {
  ...own,
  label: 'linkr JSON lines of rejected rows ({"line", "reason", "domain", "code", "url", ...})',
  marks: ['code', 'url', 'hitsElsewhere'],
  reads: linkrJson.reads,
  toRaw: linkrJson.toRaw,
}
