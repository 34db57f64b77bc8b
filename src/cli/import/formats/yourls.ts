import { type CsvFormat, firstOf } from './format.ts'

const fromYourls = {
  name: 'yourls',
  caveats: [
    'The addresses of those who made the links, and whatever plugins keep, do not come along; the log of clicks does by linkr import visits.',
    'Both tell capitals from small letters in codes, unless a plugin of YOURLS makes it ignore them.',
  ],
  arrivesWithout: 'an expiry or a password from a plugin',
  forwardsQuery: false,
  namesHosts: false,
} as const

/** The columns of YOURLS's table `yourls_url`, however they were exported. Its times are taken for UTC. */
export const yourls: CsvFormat = {
  ...fromYourls,
  label: 'YOURLS table (keyword, url, title, timestamp, ip, clicks)',
  marks: ['keyword', 'url'],
  isTable: true,
  reads: ['keyword', 'url', 'title', 'timestamp', 'ip', 'clicks'],
  toRaw(cells) {
    return {
      url: cells.url,
      code: cells.keyword,
      // `mysql --batch` writes the first, INTO OUTFILE the second.
      title: cells.title === 'NULL' || cells.title === '\\N' ? undefined : firstOf(cells, 'title'),
      createdAt: cells.timestamp,
      hits: cells.clicks,
    }
  },
}

/** The CSV of YOURLS's plugin Import/Export, which writes a code as `/code/`. */
export const yourlsPlugin: CsvFormat = {
  ...fromYourls,
  label: "CSV of YOURLS's Import/Export plugin (source, target, hits)",
  caveats: [
    'The Import/Export plugin writes neither titles nor dates, and drops backslashes from destinations: the table itself has all.',
    ...fromYourls.caveats,
  ],
  marks: ['source', 'target', 'hits'],
  reads: ['source', 'target', 'hits'],
  toRaw(cells) {
    return { url: cells.target, code: cells.source?.replaceAll(/^\/|\/$/g, ''), hits: cells.hits }
  },
}
