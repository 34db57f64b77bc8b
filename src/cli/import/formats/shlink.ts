import { type CsvFormat, firstOf } from './format.ts'
import { refusedWithoutCode, splitShortUrl } from './short-url.ts'

/** The export of Shlink's web client, and the CSV that Shlink's own importer takes. */
export const shlink: CsvFormat = {
  name: 'shlink',
  label: 'Shlink CSV (createdAt, domain, shortCode, shortUrl, longUrl, title, tags, visits)',
  marks: ['shortcode', 'longurl'],
  toRaw(cells) {
    const fromUrl = splitShortUrl(cells.shorturl)
    const code = firstOf(cells, 'shortcode') ?? fromUrl.code
    return {
      url: cells.longurl,
      code,
      domain: firstOf(cells, 'domain') ?? fromUrl.domain,
      title: firstOf(cells, 'title'),
      tags: cells.tags?.split('|'),
      createdAt: cells.createdat,
      hits: cells.visits,
      refused: refusedWithoutCode(code),
    }
  },
}
