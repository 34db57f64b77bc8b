/** Browsers send a few; a longer header is no visitor's preference. */
const MAX_LOOKED_AT = 512
const MAX_RANGES = 20
/** Language, perhaps a script, perhaps a region: BCP 47. */
const RANGE = /^([a-z]{2,3})(?:-[a-z]{4})?(?:-([a-z]{2}|\d{3}))?(?:-[a-z\d]{1,8})*$/i
/** RFC 9110, 12.4.2. */
const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i

/**
 * The first acceptable language, as `de` or `de-AT`; '' = none is named.
 * @param header `Accept-Language`; what is malformed in it is skipped.
 */
export function languageOf(header: string): string {
  const ranges = header.slice(0, MAX_LOOKED_AT).split(',', MAX_RANGES)
  // The last one may have been cut in two.
  if (header.length > MAX_LOOKED_AT && ranges.length > 1 && ranges.length < MAX_RANGES) ranges.pop()
  let best = ''
  let bestWeight = 0
  for (const range of ranges) {
    const [tag = '', parameter, ...more] = range.split(';', 3).map((part) => part.trim())
    const weight = parameter === undefined ? 1 : Number(WEIGHT.exec(parameter)?.[1] ?? 0)
    if (weight <= bestWeight || more.length > 0) continue
    const [, language, region] = RANGE.exec(tag) ?? []
    if (language === undefined) continue
    best = region === undefined ? language.toLowerCase() : `${language.toLowerCase()}-${region.toUpperCase()}`
    bestWeight = weight
  }
  return best
}
