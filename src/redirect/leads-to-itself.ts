/**
 * Whether a redirect from one URL to another would come back to the same host and path. The scheme makes no difference,
 * nor does the query: a forwarded one grows from round to round. By hand: every redirect is checked, and nearly all pairs
 * differ in the first letters of the host.
 */
export function leadsToItself(from: string, to: string): boolean {
  let i = from.indexOf('://') + 3
  let j = to.indexOf('://') + 3
  for (; ; i++, j++) {
    const unit = from.charCodeAt(i)
    const other = to.charCodeAt(j)
    if (endsPath(unit) || endsPath(other)) return endsPath(unit) && endsPath(other)
    if (unit !== other) return false
  }
}

/** `?`, `#`, or `NaN` for the end of the text. */
export const endsPath = (unit: number): boolean => unit === 0x3f || unit === 0x23 || Number.isNaN(unit)
