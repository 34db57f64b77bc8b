import { countryOf } from '../../../visits/country.ts'

const UNKNOWN = 'XX'

/** Further names in the databases of addresses that Unicode calls something else. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'Cabo Verde': 'CV',
  'DR Congo': 'CD',
  'Congo Republic': 'CG',
  'Ivory Coast': 'CI',
  'Czech Republic': 'CZ',
  'Federated States of Micronesia': 'FM',
  'Hong Kong': 'HK',
  Macao: 'MO',
  Myanmar: 'MM',
  Swaziland: 'SZ',
  Palestine: 'PS',
  Pitcairn: 'PN',
  Turkey: 'TR',
  'East Timor': 'TL',
  'United States of America': 'US',
  Vatican: 'VA',
  Åland: 'AX',
  Macedonia: 'MK',
  'Russian Federation': 'RU',
  'Republic of Korea': 'KR',
  'Islamic Republic of Iran': 'IR',
  'Viet Nam': 'VN',
  Laos: 'LA',
  Syria: 'SY',
  'Brunei Darussalam': 'BN',
  'Republic of the Congo': 'CG',
  'Democratic Republic of the Congo': 'CD',
}

/** Accents, capitals, points and articles differ from list to list. */
const normalize = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replaceAll(/\bst\b/g, 'saint')
    .replaceAll(/\bthe\b|\([^)]*\)|[^\p{L}\p{N}]/gu, '')

/**
 * The code of a country that is given by its English name or by its code; `XX` = unknown. (`null` = there was something
 * that is no country.)
 */
export function createCountryCodes(): (text: string) => string | null {
  const codes = new Map<string, string>()
  const styles = ['short', 'long'] as const
  const names = styles.map(
    (style) => new Intl.DisplayNames('en', { type: 'region', style, fallback: 'none' }),
  )
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    // A country that is no more has the name of the one that it became.
    if (Intl.getCanonicalLocales(`und-${code}`)[0] !== `und-${code}`) continue
    for (const name of names.map((list) => list.of(code))) {
      if (name !== undefined) codes.set(normalize(name), code)
    }
  }
  for (const [name, code] of Object.entries(OTHER_NAMES)) codes.set(normalize(name), code)
  return (text) => {
    const trimmed = text.trim()
    if (trimmed === '' || /^unknown$/i.test(trimmed)) return UNKNOWN
    const code = countryOf(trimmed.toUpperCase())
    return code === UNKNOWN && trimmed.toUpperCase() !== UNKNOWN
      ? (codes.get(normalize(trimmed)) ?? null)
      : code
  }
}
