import type { DomainSettings } from '../links/domain-settings.ts'
import { campaignOf } from './campaign.ts'
import { countryOf } from './country.ts'
import { geographyOf, isVerifiedBot, NO_GEOGRAPHY } from './geography.ts'
import { languageOf } from './language.ts'
import { memoized } from './memoized.ts'
import { hostOfReferrer, referrerOf } from './referrer.ts'
import type { SipKey } from './sip-hash.ts'
import type { DescribeAgent } from './user-agent.ts'
import { NO_VALUES, type Visit } from './visit.ts'
import type { VisitRequest } from './visit-gatherer.ts'
import { isOptedOut, visitorNumber } from './visitor-number.ts'

export interface VisitContext {
  readonly settings: Pick<DomainSettings, 'respectsOptOut' | 'geography'>
  /** The key of the day of the visit; `null` = there is none, and visitors have no numbers. */
  readonly visitorKey: SipKey | null
  readonly isOwnHost: (host: string) => boolean
}

/** What is kept of a request, in values that are fit for a line, whatever the client sent. */
export type DescribeVisit = (
  request: VisitRequest,
  context: VisitContext,
) => Pick<Visit, 'isBot' | 'visitor' | 'values'>

export function createVisitDescriber(describeAgent: DescribeAgent): DescribeVisit {
  const hostOf = memoized(hostOfReferrer, { maxEntries: 1_000, maxLength: 256 })
  const language = memoized(languageOf, { maxEntries: 500, maxLength: 128 })

  return (request, { settings, visitorKey, isOwnHost }) => {
    const { headers } = request
    const country = countryOf(headers.get('CF-IPCountry'))
    const userAgent = headers.get('User-Agent') ?? ''
    const { isBot, device, browser, os } = describeAgent(userAgent)
    // The platform makes it on first use, which takes longer than everything else here.
    const cf = settings.geography ? request.cf : undefined
    if (isBot || isVerifiedBot(cf)) return { isBot: true, visitor: null, values: { ...NO_VALUES, country } }
    const { utmSource, utmMedium, utmCampaign, qr } = campaignOf(request.url)
    const { continent, region, city, asn } = cf === undefined ? NO_GEOGRAPHY : geographyOf(cf)
    const isNumbered = visitorKey !== null && !(settings.respectsOptOut && isOptedOut(headers))
    return {
      isBot: false,
      visitor: isNumbered ? visitorNumber(headers, userAgent, visitorKey) : null,
      values: {
        country,
        referrer: referrerOf(hostOf(headers.get('Referer') ?? ''), isOwnHost),
        device,
        browser,
        os,
        language: language(headers.get('Accept-Language') ?? ''),
        variant: '',
        utmSource,
        utmMedium,
        utmCampaign,
        qr,
        continent,
        region,
        city,
        asn,
      },
    }
  }
}
