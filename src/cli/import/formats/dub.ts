import { type CsvFormat, firstOf } from './format.ts'
import { refusedWithoutCode, splitShortUrl } from './short-url.ts'

/** Dub's export, with whichever columns were ticked. It puts a `'` before what a spreadsheet would calculate. */
export const dub: CsvFormat = {
  name: 'dub',
  label: 'Dub CSV (Short link, Destination URL, Clicks, Created at, ...)',
  marks: ['shortlink', 'destinationurl'],
  toRaw(cells) {
    const { domain, code } = splitShortUrl(cells.shortlink)
    return {
      url: cells.destinationurl,
      code,
      domain,
      title: firstOf(cells, 'title'),
      tags: cells.tags?.replace(/^'(?=[=+\-@])/, '').split(','),
      createdAt: cells.createdat,
      hits: cells.clicks,
      refused: refusedWithoutCode(code),
    }
  },
}
