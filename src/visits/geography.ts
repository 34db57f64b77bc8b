import { toValue } from './value.ts'
import type { VisitValues } from './visit.ts'

export type Geography = Pick<VisitValues, 'continent' | 'region' | 'city' | 'asn'>

export const NO_GEOGRAPHY: Geography = { continent: '', region: '', city: '', asn: '' }

/** @param cf `request.cf`: each of its fields may be missing, and outside of Cloudflare all of them are. */
export function geographyOf(cf: unknown): Geography {
  if (!isObject(cf)) return NO_GEOGRAPHY
  const { continent, region, city, asn } = cf
  return {
    continent: typeof continent === 'string' && /^[A-Z]{2}$/.test(continent) ? continent : '',
    region: typeof region === 'string' ? toValue(region) : '',
    city: typeof city === 'string' ? toValue(city) : '',
    asn: typeof asn === 'number' && Number.isSafeInteger(asn) && asn > 0 ? String(asn) : '',
  }
}

/** Whether Cloudflare knows the client as the bot that it says it is. */
export function isVerifiedBot(cf: unknown): boolean {
  return isObject(cf) && typeof cf.verifiedBotCategory === 'string' && cf.verifiedBotCategory !== ''
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
