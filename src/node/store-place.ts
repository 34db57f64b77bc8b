/**
 * Where a store's URL leads, without its credentials: `host:port/database`. `null` = malformed, which includes a
 * password with a bare `/`, `#` or `?`: the rest of it would read as a path, and be shown.
 */
export function storePlace(url: string, protocols: readonly string[]): string | null {
  if (!URL.canParse(url)) return null
  const { protocol, host, pathname, search, hash } = new URL(url)
  if (!protocols.includes(protocol) || host === '' || `${pathname}${search}${hash}`.includes('@')) return null
  return `${host}${pathname}`
}
