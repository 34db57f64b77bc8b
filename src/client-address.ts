/**
 * @module
 * The client that a rate limit counts a request for.
 */

/**
 * The address that a request came from, as Cloudflare reports it: an IPv4 address, or the /64 of an IPv6 one, because
 * providers give each customer one. `null` = unknown: there is no Cloudflare in front.
 */
export function clientOf(headers: Headers): string | null {
  const address = headers.get('CF-Connecting-IP')
  return address === null ? null : clientBucket(address)
}

export function clientBucket(address: string): string {
  // IPv4 may be mapped into IPv6: `::ffff:203.0.113.9`.
  const v4 = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1]
  if (v4 !== undefined) return v4
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(8 - groups.length - last.length, 0)
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...last]
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
