import { type CsvFormat, firstOf } from './format.ts'
import { refusedWithoutCode } from './short-url.ts'

/** The columns of YOURLS's table `yourls_url`, however they were exported. Its times are taken for UTC. */
export const yourls: CsvFormat = {
  name: 'yourls',
  label: 'YOURLS CSV (keyword, url, title, timestamp, ip, clicks)',
  marks: ['keyword', 'url'],
  toRaw(cells) {
    return {
      url: cells.url,
      code: cells.keyword,
      // `mysql --batch` writes it so.
      title: cells.title === 'NULL' ? undefined : firstOf(cells, 'title'),
      createdAt: cells.timestamp,
      hits: cells.clicks,
      refused: refusedWithoutCode(cells.keyword ?? ''),
    }
  },
}
