/**
 * @module
 * What values of settings must look like.
 */

/** Without blanks, as it is sent in a header. */
export const isToken = (value: string): boolean => /^[\x21-\x7e]+$/.test(value)

export const isHttpUrl = (value: string): boolean =>
  URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)

/** Of a URL that `isStoreUrl` accepts, for the fix. */
export const LOOPBACK_ONLY = ' (http:// is accepted for localhost only)'

/** Tokens and links travel there. */
export const isStoreUrl = (value: string): boolean =>
  isHttpUrl(value) && (new URL(value).protocol === 'https:' || isLoopback(new URL(value).hostname))
const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host)

export function isPostgresUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password, hostname, pathname } = new URL(value)
  return (
    /^postgres(?:ql)?:$/.test(protocol) && [username, password, hostname, pathname.slice(1)].every(Boolean)
  )
}
