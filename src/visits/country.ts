const UNKNOWN_COUNTRY = 'XX'

/** @param header `CF-IPCountry`. Cloudflare overwrites what a client sends; without Cloudflare in front anything may be there. */
export function countryOf(header: string | null): string {
  return header !== null && /^(?:[A-Z]{2}|T1)$/.test(header) ? header : UNKNOWN_COUNTRY
}
