import { type CsvFormat, firstOf } from './format.ts'
import { splitShortUrl } from './short-url.ts'

/** The export of Shlink's web client. */
export const shlink: CsvFormat = {
  name: 'shlink',
  label: 'Shlink CSV (createdAt, domain, shortCode, shortUrl, longUrl, title, tags, visits)',
  caveats: [
    'A Shlink CSV has neither the limits of a link (valid since, valid until, maximum of visits) nor its redirect rules: ' +
      'links that have any arrive open to everyone.',
    'Codes of a Shlink in loose mode ignore capitals, in linkr they do not.',
    'Query strings of visitors are passed on, as Shlink does unless a link says otherwise, which its CSV does not tell.',
  ],
  arrivesWithout: 'a limit in time or visits',
  forwardsQuery: true,
  namesHosts: true,
  marks: ['shortcode', 'longurl'],
  reads: ['createdat', 'domain', 'shortcode', 'shorturl', 'longurl', 'title', 'tags', 'visits'],
  toRaw(cells) {
    const fromUrl = splitShortUrl(cells.shorturl)
    const code = firstOf(cells, 'shortcode') ?? fromUrl.code
    // An empty cell is Shlink's default domain, whatever the short URL says.
    const domain = cells.domain === undefined ? fromUrl.domain : firstOf(cells, 'domain')
    return {
      url: cells.longurl,
      code,
      domain,
      title: firstOf(cells, 'title'),
      tags: splitTags(cells.tags ?? '', cells.visits !== undefined),
      createdAt: cells.createdat,
      hits: cells.visits,
    }
  },
}

/** The CSV that Shlink's own importer takes; it may have no short code beside the short URL. */
export const shlinkImporter: CsvFormat = {
  ...shlink,
  label: "CSV for Shlink's importer (Long URL, Short URL, Tags, ...)",
  marks: ['shorturl', 'longurl'],
}

/** The web client joins tags by `|`, and a tag may have commas; the importer takes commas wherever there are any. */
function splitTags(text: string, isWebClient: boolean): string[] {
  return text.split(!isWebClient && text.includes(',') ? /\s*,\s*/ : '|')
}
