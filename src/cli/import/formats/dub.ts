import type { CsvFormat } from './format.ts'
import { splitShortUrl } from './short-url.ts'

/** Dub's export, with whichever columns were ticked. It puts a `'` before what a spreadsheet would calculate. */
export const dub: CsvFormat = {
  name: 'dub',
  label: 'Dub CSV (Short link, Destination URL, Clicks, Created at, ...)',
  caveats: [
    'A Dub CSV has neither expiry nor password: links that have one in Dub arrive open to everyone.',
    'Nor has it titles, comments, targeting by device or country, or what an A/B test splits.',
    'Dub ignores capitals in codes, linkr does not: go.example.com/Sale is another link than /sale.',
    'Archived links are in it only if Dub was showing them; its column "Archived" says No for those too.',
  ],
  arrivesWithout: 'an expiry or a password',
  forwardsQuery: true,
  namesHosts: true,
  marks: ['shortlink', 'destinationurl'],
  reads: ['shortlink', 'destinationurl', 'clicks', 'createdat', 'tags', 'linkid', 'updatedat'],
  lost: {
    leads: 'leads',
    conversions: 'conversions',
    revenue: 'revenue',
    archived: 'archived state: it redirects, as in Dub',
  },
  toRaw(cells) {
    const { domain, code } = splitShortUrl(cells.shortlink)
    return {
      url: cells.destinationurl,
      code,
      domain,
      tags: cells.tags?.replace(/^'(?=[=+\-@])/, '').split(', '),
      createdAt: cells.createdat,
      hits: cells.clicks,
    }
  },
}
