import type { Link } from '../links/link.ts'

export function linkResponse({ status, url }: Pick<Link, 'status' | 'url'>): Response {
  // Caches may keep permanent redirects, but not for longer than an owner who edits the link would put up with.
  const isPermanent = status === 301 || status === 308
  const cacheControl = isPermanent ? 'private, max-age=60' : 'private, no-store'
  return new Response(null, {
    status,
    headers: { Location: url, 'Cache-Control': cacheControl, 'X-Content-Type-Options': 'nosniff' },
  })
}

/** A link is never changed, only replaced, so its response goes away together with it. */
const responses = new WeakMap<Link, Response>()

/**
 * The same response every time for a link that is held in memory: making a `Response` is the most expensive step of a
 * redirect. Requests can share it because it has no body, the only part of a `Response` that can be used up or belong to
 * a request. Nothing may set a header on it.
 */
export function sharedResponse(link: Link): Response {
  let response = responses.get(link)
  if (response === undefined) {
    response = linkResponse(link)
    responses.set(link, response)
  }
  return response
}
