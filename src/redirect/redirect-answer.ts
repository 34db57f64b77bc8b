import type { Link } from '../links/link.ts'

export function redirectAnswer({ status, url }: Pick<Link, 'status' | 'url'>): Response {
  // Permanent answers may be kept, but not for longer than an owner who edits the link would put up with.
  const isPermanent = status === 301 || status === 308
  const cacheControl = isPermanent ? 'private, max-age=60' : 'private, no-store'
  return new Response(null, {
    status,
    headers: { Location: url, 'Cache-Control': cacheControl, 'X-Content-Type-Options': 'nosniff' },
  })
}

/** A link is never changed, only replaced, so its answer goes away together with it. */
const answers = new WeakMap<Link, Response>()

/**
 * The same answer every time for links that are held in memory: making a `Response` is the most expensive step of a
 * redirect. Sharing one between requests is safe because it has no body, which is all of a `Response` that could be used
 * up or belong to a request.
 */
export function reusableAnswer(link: Link): Response {
  let answer = answers.get(link)
  if (answer === undefined) {
    answer = redirectAnswer(link)
    answers.set(link, answer)
  }
  return answer
}
