/**
 * @module
 * Host names: the one form in which linkr compares them, and what may stand in `DOMAINS`, in a link's `domain` and in
 * `/api/domains`.
 */

/**
 * The host of an authority (`Go.example.com.:8443`) without port, in lower case, without the dot that makes a name
 * absolute: browsers take both spellings for the same site. By hand, because every redirect comes by here.
 */
export function normalizeHost(authority: string): string {
  let end = authority.length
  while (isDigit(authority.charCodeAt(end - 1))) end--
  end = authority.charCodeAt(end - 1) === COLON ? end - 1 : authority.length
  while (authority.charCodeAt(end - 1) === DOT) end--
  return authority.slice(0, end).toLowerCase()
}

const COLON = 0x3a
const DOT = 0x2e
const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39

/** The host of a request's URL, which always has a path, normalized. */
export function hostOfUrl(url: string): string {
  const hostAt = url.indexOf('://') + 3
  return normalizeHost(url.slice(hostAt, url.indexOf('/', hostAt)))
}

/** The hosts that are linkr's own by its configuration, normalized. */
export function configuredHosts(config: {
  readonly domains: ReadonlySet<string>
  readonly baseUrl: string | null
}): ReadonlySet<string> {
  const hosts = new Set(config.domains)
  if (config.baseUrl !== null) hosts.add(normalizeHost(new URL(config.baseUrl).host))
  return hosts
}

/** A host as it was typed in, normalized; `null` when the text is no host. A port has no place there. */
export function parseHost(text: string): string | null {
  const host = normalizeHost(text)
  // The length first: on a long text the pattern takes quadratic time.
  return host.length <= 253 && HOST.test(host) && !text.includes(':') ? host : null
}

const HOST = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/
