import type { DomainSettings } from '../links/domain-settings.ts'
import { campaignOf } from './campaign.ts'
import { countryOf } from './country.ts'
import { geographyOf, isVerifiedBot, NO_GEOGRAPHY } from './geography.ts'
import { languageOf } from './language.ts'
import { referrerOf } from './referrer.ts'
import type { SipKey } from './sip-hash.ts'
import type { DescribeAgent } from './user-agent.ts'
import { DIMENSION_NAMES, type Visit, type VisitValues } from './visit.ts'
import type { VisitRequest } from './visit-gatherer.ts'
import { isOptedOut, visitorNumber } from './visitor-number.ts'

export interface VisitContext {
  readonly describeAgent: DescribeAgent
  readonly settings: Pick<DomainSettings, 'respectsOptOut' | 'geography'>
  /** The key of the day of the visit; `null` = there is none, and visitors have no numbers. */
  readonly visitorKey: SipKey | null
  readonly isOwnHost: (host: string) => boolean
}

const NOTHING = Object.fromEntries(DIMENSION_NAMES.map((name) => [name, ''])) as VisitValues

/** What is kept of a request, in values that are fit for a line, whatever the client sent. */
export function describeVisit(
  request: VisitRequest,
  { describeAgent, settings, visitorKey, isOwnHost }: VisitContext,
): Pick<Visit, 'isBot' | 'visitor' | 'values'> {
  const { headers, url } = request
  const country = countryOf(headers.get('CF-IPCountry'))
  const { isBot, ...agent } = describeAgent(headers.get('User-Agent'))
  // The platform makes it on first use, which takes longer than everything else here.
  const cf = settings.geography ? request.cf : undefined
  if (isBot || isVerifiedBot(cf)) return { isBot: true, visitor: null, values: { ...NOTHING, country } }
  const isNumbered = visitorKey !== null && !(settings.respectsOptOut && isOptedOut(headers))
  const values: VisitValues = {
    country,
    ...agent,
    ...campaignOf(url),
    ...(cf === undefined ? NO_GEOGRAPHY : geographyOf(cf)),
    referrer: referrerOf(headers.get('Referer'), isOwnHost),
    language: languageOf(headers.get('Accept-Language')),
    variant: '',
  }
  return { isBot: false, visitor: isNumbered ? visitorNumber(headers, visitorKey) : null, values }
}
