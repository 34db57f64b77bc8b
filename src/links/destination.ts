/**
 * @module
 * What a link may point at.
 */

import { codeFromPath, isReservedCode } from './code.ts'
import { normalizeHost } from './host.ts'

export const MAX_DESTINATION_LENGTH = 4096

export type Destination = { readonly url: string } | { readonly problem: string }

/**
 * Checks and normalizes a destination; the normalized URL is plain ASCII, so it is safe in a Location header.
 * @param isOwnHost whether linkr itself answers at a host, which comes normalized: a short link to a short link of
 * its own could loop for ever.
 */
export function parseDestination(text: string, isOwnHost: (host: string) => boolean): Destination {
  if (text.length > MAX_DESTINATION_LENGTH) {
    return { problem: `must have at most ${MAX_DESTINATION_LENGTH} characters` }
  }
  // The URL parser would silently drop tabs and line breaks and trim other controls.
  if (hasControlOrBlank(text)) {
    return { problem: 'must not contain blanks, line breaks or control characters' }
  }
  // And replace half a surrogate pair.
  if (!text.isWellFormed()) return { problem: 'must be well-formed Unicode' }
  if (!isWebUrl(text) || !URL.canParse(text)) {
    return { problem: 'must be an absolute http:// or https:// URL' }
  }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    return { problem: 'must not contain a user name or password' }
  if (url.href.length > MAX_DESTINATION_LENGTH) {
    return { problem: `must have at most ${MAX_DESTINATION_LENGTH} characters once percent-encoded` }
  }
  const code = codeFromPath(url.pathname)
  if (code !== null && !isReservedCode(code) && isOwnHost(normalizeHost(url.host))) {
    return { problem: 'must not be a short link of this linkr' }
  }
  return { url: url.href }
}

/** Whether a redirect may go there at all; what comes out of a cache is asked again. */
export const isWebUrl = (url: string): boolean => /^https?:\/\//i.test(url)

function hasControlOrBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit <= 0x20 || unit === 0x7f) return true
  }
  return false
}
