import { toValue } from './value.ts'
import type { VisitValues } from './visit.ts'

export type Campaign = Pick<VisitValues, 'utmSource' | 'utmMedium' | 'utmCampaign' | 'qr'>

const NO_CAMPAIGN: Campaign = { utmSource: '', utmMedium: '', utmCampaign: '', qr: '' }
const MAX_LOOKED_AT = 8_192

/** What a short link's own query tells about the campaign that it stands in. Of a repeated parameter the first one counts. */
export function campaignOf(url: string): Campaign {
  const [text = ''] = url.split('#', 1)
  const queryAt = text.indexOf('?')
  if (queryAt === -1) return NO_CAMPAIGN
  const looked = text.slice(queryAt, queryAt + MAX_LOOKED_AT)
  if (!/[?&](?:utm_|qr=1)/.test(looked)) return NO_CAMPAIGN
  // Malformed percent-encoding does not throw: it decodes to U+FFFD.
  const query = new URLSearchParams(looked)
  const value = (name: string): string => toValue(query.get(name) ?? '')
  return {
    utmSource: value('utm_source'),
    utmMedium: value('utm_medium'),
    utmCampaign: value('utm_campaign'),
    qr: query.get('qr') === '1' ? '1' : '',
  }
}
