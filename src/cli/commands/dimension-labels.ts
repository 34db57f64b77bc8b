import { DIMENSIONS, type Dimension, FOLDED } from '../../visits/visit.ts'

/** What '' means; of dimensions that are not here it is "unknown". */
const EMPTY: Readonly<Partial<Record<Dimension, string>>> = {
  referrer: 'direct',
  language: 'none',
  variant: "the link's own URL",
  utmSource: 'none',
  utmMedium: 'none',
  utmCampaign: 'none',
  qr: 'no QR code',
}

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region' })
/** Codes of Cloudflare that are no countries. */
const NO_COUNTRIES: Readonly<Record<string, string>> = { XX: 'unknown', T1: 'Tor' }

/** The value of a dimension in words. It comes from a server and is not made visible here. */
export function labelOf(dimension: string, value: string): string {
  if (value === FOLDED) return 'other'
  if (value === '') return (isDimension(dimension) ? EMPTY[dimension] : undefined) ?? 'unknown'
  if (dimension === 'qr' && value === '1') return 'QR code'
  if (dimension !== 'country' || !/^[A-Z][A-Z\d]$/.test(value)) return value
  return NO_COUNTRIES[value] ?? (/\d/.test(value) ? value : (COUNTRIES.of(value) ?? value))
}

export function isDimension(name: string): name is Dimension {
  return Object.hasOwn(DIMENSIONS, name)
}
