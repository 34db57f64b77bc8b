import { campaignOf } from '../../../visits/campaign.ts'
import { hostOfReferrer, referrerOf } from '../../../visits/referrer.ts'
import type { DescribeAgent } from '../../../visits/user-agent.ts'
import { toValue } from '../../../visits/value.ts'
import { NO_VALUES, type VisitValues } from '../../../visits/visit.ts'
import { splitShortUrl } from '../formats/short-url.ts'
import { parseInstant } from '../parse-instant.ts'
import { Refused } from '../tidy-values.ts'
import { createCountryCodes } from './country-codes.ts'
import type { RawVisit } from './visit-format.ts'

export interface ReadVisit {
  /** Of the short URL; `undefined` = not told. */
  readonly host: string | undefined
  /** `undefined` = not told. */
  readonly code: string | undefined
  /** Seconds since the epoch. */
  readonly at: number
  readonly hits: number
  readonly isBot: boolean
  readonly values: VisitValues
  readonly notes: readonly string[]
}

export interface DescribeRawOptions {
  readonly describeAgent: DescribeAgent
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Whether regions and cities are kept. */
  readonly keepsPlaces: boolean
}

const FIRST_MS = Date.parse('2000-01-01T00:00:00Z')
const MAX_HITS = 999_999_999

/** A visit of an export in linkr's own terms: the same parsers that read a visitor's request. Throws `Refused`. */
export function createRawDescriber({ describeAgent, now, keepsPlaces }: DescribeRawOptions) {
  const countryCodes = createCountryCodes()
  return (raw: RawVisit): ReadVisit => {
    const instant = parseInstant(raw.at)
    if (instant === null) throw new Refused(`date "${raw.at}" is not understood`)
    if (instant < FIRST_MS || instant > now)
      throw new Refused(`date "${raw.at}" is before 2000 or in the future`)
    const hits = raw.hits === '' ? 1 : Number(raw.hits)
    if (!/^\d*$/.test(raw.hits) || hits > MAX_HITS)
      throw new Refused(`clicks "${raw.hits}" are no whole number up to ${MAX_HITS}`)
    const { host, code, campaign } = placeOf(raw.link)
    const notes: string[] = []
    const country = countryCodes(raw.country)
    if (country === null) notes.push('of a country that linkr does not know: counted as unknown')
    // Of whose user agent nothing was kept, nothing is said: linkr takes only those that send none for bots.
    const agent = raw.userAgent === '' ? null : describeAgent(raw.userAgent)
    const isBot = raw.isBot || (agent?.isBot ?? false)
    if (isBot && !raw.isBot) notes.push('of what linkr takes for a bot, and the export does not tell')
    if (!keepsPlaces && (raw.region !== '' || raw.city !== ''))
      notes.push('without region and city (--geography keeps them)')
    const { device = 'other', browser = '', os = '' } = agent ?? {}
    const place = keepsPlaces ? { region: toValue(raw.region), city: toValue(raw.city) } : {}
    const referrer = referrerOf(hostOfReferrer(asUrl(raw.referrer)), (own) => own === host)
    const values = {
      ...NO_VALUES,
      ...campaign,
      referrer,
      device,
      browser,
      os,
      ...place,
      country: country ?? 'XX',
    }
    return { host, code, at: Math.floor(instant / 1_000), hits, isBot, values, notes }
  }
}

function placeOf(link: RawVisit['link']) {
  if (link === null) return { host: undefined, code: undefined, campaign: {} }
  if ('code' in link) return { host: undefined, code: link.code, campaign: {} }
  const { domain, code } = splitShortUrl(link.url)
  if (code === '') throw new Refused(`"${link.url}" is no short URL`)
  return { host: domain, code, campaign: campaignOf(link.url) }
}

/** Shlink's web client keeps the host only. */
const asUrl = (referrer: string): string =>
  referrer === '' || referrer.includes('://') ? referrer : `https://${referrer}/`
