/**
 * @module
 * Takes a request's URL apart, once and by hand: `new URL` would cost more than the rest of a redirect.
 */
import { codeFromPath, isReservedCode } from '../links/code.ts'
import { normalizeHost } from '../links/host.ts'
import { type LinkKey, linkName } from '../links/link.ts'
import type { RequestFacts } from './decide.ts'
import { endsPath } from './leads-to-itself.ts'

/** `root` = the path is `/`; `no-link` = no link can be there, because the code is malformed or reserved. */
export type LocatedRequest =
  | LinkRequest
  | (Pick<RequestFacts, 'method' | 'url'> & { readonly kind: 'root' | 'no-link' })
/** For a code that a link may have. */
export type LinkRequest = RequestFacts & {
  readonly kind: 'link'
  readonly key: LinkKey
  /** The key as one string. */
  readonly name: string
}

/** What its URL tells of a request. */
export type LocatedUrl =
  | Pick<LinkRequest, 'kind' | 'key' | 'name' | 'query' | 'url'>
  | { readonly kind: 'root' | 'no-link'; readonly url: string }

type LocatableRequest = Pick<Request, 'url' | 'method' | 'headers'>

/** @param domains the hosts that are namespaces of their own, normalized. */
export const locateRequest = (request: LocatableRequest, domains: ReadonlySet<string>): LocatedRequest =>
  withFacts(locateUrl(request.url, domains), request)

export function locateUrl(url: string, domains: ReadonlySet<string>): LocatedUrl {
  const pathAt = pathStart(url)
  const queryAt = pathEnd(url, pathAt)
  if (queryAt - pathAt <= 1) return { kind: 'root', url }
  const code = codeFromPath(url.slice(pathAt, queryAt))
  if (code === null || isReservedCode(code)) return { kind: 'no-link', url }
  const host = domains.size === 0 ? '*' : hostOf(url)
  const key = { domain: domains.has(host) ? host : '*', code }
  const hashAt = url.indexOf('#', queryAt)
  return {
    kind: 'link',
    key,
    name: linkName(key),
    query: url.slice(queryAt, hashAt === -1 ? url.length : hashAt),
    url,
  }
}

export function withFacts(located: LocatedUrl, { method, headers }: LocatableRequest): LocatedRequest {
  if (located.kind !== 'link') return { kind: located.kind, method, url: located.url }
  return {
    kind: 'link',
    key: located.key,
    name: located.name,
    method,
    isPrefetch: headers.get('sec-purpose')?.includes('prefetch') === true,
    query: located.query,
    url: located.url,
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
