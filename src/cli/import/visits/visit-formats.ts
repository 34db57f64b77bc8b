import { firstOf } from '../formats/format.ts'
import type { RawVisit, VisitFormat } from './visit-format.ts'

const NOTHING: RawVisit = {
  ...{ link: null, at: '', hits: '', isBot: false },
  ...{ userAgent: '', referrer: '', country: '', region: '', city: '' },
}

const known = (cell: string | undefined): string => (cell === undefined || cell === 'Unknown' ? '' : cell)

/** Of the web client (`date`, `potentialBot`, ...) and of the command line's `--format=csv` (`Date`, `Potential bot`, ...). */
const shlink: VisitFormat = {
  name: 'shlink',
  label: 'Shlink visits (date, potentialBot, userAgent, referer, country, ..., visitedUrl)',
  caveats: [
    'Visits of a Shlink before 4.1, and those it has imported itself, do not say which link they are of: export such ones of one ' +
      'short URL, and name it with --link.',
    "Shlink's web client exports the period and the visits that it shows: choose all visits, and bots among them.",
  ],
  marks: [['date'], ['potentialbot'], ['useragent']],
  toRaw(cells) {
    const url = known(cells.visitedurl)
    const type = known(cells.type)
    return {
      ...NOTHING,
      link: url === '' ? null : { url: withoutPixel(url) },
      at: cells.date ?? '',
      isBot: !/^(?:|false|0|no)$/i.test(cells.potentialbot?.trim() ?? ''),
      userAgent: cells.useragent ?? '',
      referrer: cells.referer === 'Direct' ? '' : (cells.referer ?? ''),
      country: known(cells.country),
      region: known(cells.region),
      city: known(cells.city),
      ...(ORPHANS.has(type) ? { skipped: 'visits to no link (orphan visits)' } : {}),
    }
  },
}

const ORPHANS: ReadonlySet<string> = new Set(['base_url', 'invalid_short_url', 'regular_404'])

/** A tracking pixel counts as a visit to the link in front of it. */
const withoutPixel = (url: string): string => url.replace(/\/track(?=$|[?#])/, '')

/** The columns of YOURLS's table `yourls_log`. Its times are taken for UTC. */
const yourls: VisitFormat = {
  name: 'yourls',
  label: 'YOURLS table (click_time, shorturl, referrer, user_agent, country_code)',
  caveats: ['Addresses of visitors in the file are not sent anywhere.'],
  marks: [['clicktime'], ['shorturl'], ['useragent']],
  isTable: true,
  toRaw: (cells) => ({
    ...NOTHING,
    link: cells.shorturl === undefined || cells.shorturl === '' ? null : { code: cells.shorturl },
    at: cells.clicktime ?? '',
    userAgent: cells.useragent ?? '',
    referrer: cells.referrer === 'direct' ? '' : (cells.referrer ?? ''),
    country: cells.countrycode ?? '',
  }),
}

const AT = ['day', 'date', 'start'] as const
const HITS = ['clicks', 'hits', 'visits'] as const
const URLS = ['shorturl', 'shortlink', 'bitlink', 'link'] as const

/** Clicks by day, from shorteners that export no more, like Dub and Bitly's API. */
const days: VisitFormat = {
  name: 'days',
  label: 'clicks by day (day or date or start; clicks or hits; link or code, unless --link is given)',
  caveats: [
    'Nothing is known of these visits but their day: they count for its first quarter of an hour, in UTC, as people.',
  ],
  marks: [AT, HITS],
  toRaw(cells) {
    const url = firstOf(cells, ...URLS)
    const code = firstOf(cells, 'code', 'key', 'keyword')
    return {
      ...NOTHING,
      link: url !== undefined ? { url } : code === undefined ? null : { code },
      at: dayIn(firstOf(cells, ...AT) ?? ''),
      hits: firstOf(cells, ...HITS) ?? '0',
    }
  },
}

/** Midnight in another timezone is that day, not the hour before it in UTC. */
const dayIn = (text: string): string =>
  text.trim().replace(/^(\d{4}-\d\d-\d\d)[T ]00:00(?::00)?(?:\.0+)?\S*$/, '$1')

/** In the order they are tried. */
export const VISIT_FORMATS: readonly VisitFormat[] = [shlink, yourls, days]
