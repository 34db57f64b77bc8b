/**
 * @module
 * Takes a request's URL apart, once and by hand: `new URL` would cost more than the rest of a redirect.
 */
import { codeFromPath, isReservedCode } from '../links/code.ts'
import { normalizeHost } from '../links/host.ts'
import type { LinkKey } from '../links/link.ts'
import type { RequestFacts } from './decide.ts'
import { endsPath } from './leads-to-itself.ts'

/** `root` = the path is `/`; `no-link` = no link can be there, because the code is malformed or reserved. */
export type LocatedRequest =
  | LinkRequest
  | (Pick<RequestFacts, 'method' | 'url'> & { readonly kind: 'root' | 'no-link' })
/** For a code that a link may have. */
export type LinkRequest = RequestFacts & { readonly kind: 'link'; readonly key: LinkKey }

/** @param domains the hosts that are namespaces of their own, normalized. */
export function locateRequest(
  request: Pick<Request, 'url' | 'method' | 'headers'>,
  domains: ReadonlySet<string>,
): LocatedRequest {
  const { url, method } = request
  const pathAt = pathStart(url)
  const queryAt = pathEnd(url, pathAt)
  if (queryAt - pathAt <= 1) return { kind: 'root', method, url }
  const code = codeFromPath(url.slice(pathAt, queryAt))
  if (code === null || isReservedCode(code)) return { kind: 'no-link', method, url }
  const host = domains.size === 0 ? '*' : hostOf(url)
  const hashAt = url.indexOf('#', queryAt)
  return {
    kind: 'link',
    key: { domain: domains.has(host) ? host : '*', code },
    method,
    isPrefetch: request.headers.get('sec-purpose')?.includes('prefetch') === true,
    query: url.slice(queryAt, hashAt === -1 ? url.length : hashAt),
    url,
  }
}

/** The host of a request, normalized. */
export const hostOf = (url: string): string => normalizeHost(url.slice(hostStart(url), pathStart(url)))

/** The path of a request as it was sent: still encoded, so `/%61pi` is not `/api`. */
export function pathOf(url: string): string {
  const pathAt = pathStart(url)
  return url.slice(pathAt, pathEnd(url, pathAt))
}

const hostStart = (url: string): number => url.indexOf('://') + 3
const pathStart = (url: string): number => url.indexOf('/', hostStart(url))

/** Where the query begins, or the fragment, or the URL ends. */
function pathEnd(url: string, pathAt: number): number {
  let end = pathAt
  while (!endsPath(url.charCodeAt(end))) end++
  return end
}
