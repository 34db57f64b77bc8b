import { type Cells, type CsvFormat, firstOf } from './format.ts'
import { type ShortUrl, splitShortUrl } from './short-url.ts'

const CUSTOM = ['custombitlink', 'custombitlinks', 'customlink', 'customlinks']
const DRAWN = ['bitlink', 'link']
const CREATED = ['created', 'createdat', 'datecreated', 'createddate']
const CLICKS = ['clicks', 'totalclicks', 'linkclicks', 'engagements', 'totalengagements']

/** Bitly's dashboard export. A link with a custom back-half keeps its drawn one too: people have used both. */
export const bitly: CsvFormat = {
  name: 'bitly',
  label: 'Bitly CSV (Bitlink, Title, Long URL, Tags, Created, ...)',
  caveats: [
    'Only links, titles, tags, dates and click totals are in a Bitly CSV: nothing else that Bitly does with a link.',
    'Both tell capitals from small letters in codes.',
    'Query strings of visitors are not passed on; --forward-query true passes them on.',
  ],
  arrivesWithout: 'an expiry or a password',
  forwardsQuery: false,
  namesHosts: true,
  marks: ['bitlink', 'longurl'],
  reads: [...CUSTOM, ...DRAWN, ...CREATED, ...CLICKS, 'longurl', 'destinationurl', 'title', 'tags'],
  lost: { archived: 'archived' },
  toRaw(cells) {
    const [first, ...others] = backHalves(cells)
    const link = {
      url: firstOf(cells, 'longurl', 'destinationurl'),
      title: firstOf(cells, 'title'),
      tags: cells.tags?.split(/\s*[,;|]\s*/),
      createdAt: firstOf(cells, ...CREATED),
    }
    const hits = firstOf(cells, ...CLICKS)
    return [{ ...link, ...first, hits }, ...others.map((other) => ({ ...link, ...other }))]
  },
}

/** The same under its other column names. */
export const bitlyLinks: CsvFormat = {
  ...bitly,
  label: 'Bitly CSV (Link, Custom Link, Destination URL, ...)',
  marks: ['link', 'destinationurl'],
}

/** The custom ones first: they are what people printed. */
function backHalves(cells: Cells): ShortUrl[] {
  const texts = [...CUSTOM, ...DRAWN].flatMap((column) => (cells[column] ?? '').split(/[\s,;|]+/))
  const found = new Map<string, ShortUrl>()
  for (const text of texts) {
    const short = splitShortUrl(text)
    if (short.code !== '') found.set(`${short.domain}/${short.code}`, short)
  }
  return [...found.values()]
}
