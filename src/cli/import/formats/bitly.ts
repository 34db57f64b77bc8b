import { type CsvFormat, firstOf } from './format.ts'
import { refusedWithoutCode, splitShortUrl } from './short-url.ts'

/** Bitly's dashboard export. Its columns have had several names; custom back-halves are what people printed. */
export const bitly: CsvFormat = {
  name: 'bitly',
  label: 'Bitly CSV (Bitlink, Title, Long URL, Tags, Created, ...)',
  marks: ['bitlink', 'longurl'],
  toRaw(cells) {
    const { domain, code } = splitShortUrl(firstOf(cells, 'custombitlink', 'custombitlinks', 'bitlink'))
    return {
      url: cells.longurl,
      code,
      domain,
      title: firstOf(cells, 'title'),
      tags: cells.tags?.split(/[,;|]/),
      createdAt: firstOf(cells, 'created', 'createdat', 'datecreated', 'createddate'),
      hits: firstOf(cells, 'clicks', 'totalclicks', 'linkclicks', 'engagements', 'totalengagements'),
      refused: refusedWithoutCode(code),
    }
  },
}
