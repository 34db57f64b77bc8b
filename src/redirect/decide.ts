/**
 * @module
 * The redirect as a pure function: a link, the facts of a request and the time give a decision, which `respond.ts` renders.
 */
import type { Link, RedirectStatus } from '../links/link.ts'
import { leadsToItself } from './leads-to-itself.ts'

export interface RequestFacts {
  readonly method: string
  /** Sent ahead of a click that may never come (`Sec-Purpose: prefetch`). */
  readonly isPrefetch: boolean
  /** With its `?`; '' if none. */
  readonly query: string
  readonly url: string
}

export type Decision =
  | {
      readonly kind: 'redirect'
      readonly status: RedirectStatus
      readonly location: string
      readonly counts: boolean
    }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'disabled' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'method-not-allowed' }
  /** The link leads to the very address that was requested. */
  | { readonly kind: 'loop' }

/**
 * @param link `null` = known not to exist.
 * @param now milliseconds since the epoch; a link expires at the very millisecond of its `expiresAt`.
 */
export function decide(link: Link | null, request: RequestFacts, now: number): Decision {
  if (link === null) return { kind: 'not-found' }
  if (!link.enabled) return { kind: 'disabled' }
  if (link.expiresAt !== null && link.expiresAt <= now) return { kind: 'expired' }
  const { method } = request
  // 307 and 308 promise to repeat the method; 301 and 302 would turn a POST into a GET.
  if (method !== 'GET' && method !== 'HEAD' && link.status !== 307 && link.status !== 308) {
    return { kind: 'method-not-allowed' }
  }
  if (leadsToItself(request.url, link.url)) return { kind: 'loop' }
  return {
    kind: 'redirect',
    status: link.status,
    location: link.forwardQuery && request.query.length > 1 ? appendQuery(link.url, request.query) : link.url,
    counts: method !== 'HEAD' && !request.isPrefetch,
  }
}

/** Keeps the destination's own parameters, appends the visitor's unchanged, and leaves the fragment last. */
function appendQuery(url: string, query: string): string {
  const hash = url.indexOf('#')
  const base = hash === -1 ? url : url.slice(0, hash)
  const fragment = hash === -1 ? '' : url.slice(hash)
  const separator = !base.includes('?') ? '?' : /[?&]$/.test(base) ? '' : '&'
  return `${base}${separator}${query.slice(1)}${fragment}`
}
