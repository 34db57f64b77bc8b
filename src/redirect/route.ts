/**
 * @module
 * The hot path: request -> key -> link -> decision -> response. It waits for nothing but `links.find`, and for a link in
 * memory not even that: `redirectFromMemory` is the same path without a promise in it.
 */
import { codeFromPath, isReservedCode } from '../links/code.ts'
import type { Link, LinkKey } from '../links/link.ts'
import type { Services } from '../services.ts'
import { type Decision, decide } from './decide.ts'
import { plainAnswer } from './plain-answer.ts'
import { redirectAnswer, reusableAnswer } from './redirect-answer.ts'

export async function redirect(request: Request, services: Services): Promise<Response> {
  const { key, query } = locate(request.url, services.config.domains)
  if (key === null) return NOT_FOUND()
  const link = await services.links.find(key)
  return answer(request, query, link, services, redirectAnswer)
}

/** `undefined` when it takes more than this isolate's memory to answer. */
export function redirectFromMemory(request: Request, services: Services): Response | undefined {
  const { key, query } = locate(request.url, services.config.domains)
  if (key === null) return undefined
  const link = services.links.peek(key)
  return link === undefined ? undefined : answer(request, query, link, services, reusableAnswer)
}

/** @param toRedirect makes the response of a link whose `url` is the destination, unchanged. */
function answer(
  { method, headers }: Request,
  query: string,
  link: Link | null,
  { hits, runtime }: Services,
  toRedirect: (link: Link) => Response,
): Response {
  const isPrefetch = headers.get('sec-purpose')?.includes('prefetch') === true
  const decision = decide(link, { method, isPrefetch, query }, runtime.now())
  if (link === null || decision.kind !== 'redirect') return render(decision)
  if (decision.counts) hits.record(link.id)
  return decision.location === link.url ? toRedirect(link) : render(decision)
}

/** `key` = `null` when no link can be there. By hand, because `new URL` would cost more than the rest of the route. */
export function locate(
  url: string,
  domains: ReadonlySet<string>,
): { readonly key: LinkKey | null; readonly query: string } {
  const hostAt = url.indexOf('://') + 3
  const pathAt = url.indexOf('/', hostAt)
  const hashAt = url.indexOf('#', pathAt)
  const end = hashAt === -1 ? url.length : hashAt
  const questionAt = url.indexOf('?', pathAt)
  const pathEnd = questionAt === -1 || questionAt > end ? end : questionAt
  const query = url.slice(pathEnd, end)
  const code = codeFromPath(url.slice(pathAt, pathEnd))
  if (code === null || isReservedCode(code)) return { key: null, query }
  return { key: { domain: domainOf(url.slice(hostAt, pathAt), domains), code }, query }
}

/** @param authority host and perhaps port, lower case as `Request.url` has it. */
function domainOf(authority: string, domains: ReadonlySet<string>): string {
  if (domains.size === 0) return '*'
  const colon = authority.lastIndexOf(':')
  const host = colon === -1 ? authority : authority.slice(0, colon)
  return domains.has(host) ? host : '*'
}

function render(decision: Decision): Response {
  switch (decision.kind) {
    case 'redirect':
      return redirectAnswer({ status: decision.status, url: decision.location })
    case 'not-found':
      return NOT_FOUND()
    case 'disabled':
      return plainAnswer(404, 'This short link has been switched off.')
    case 'expired':
      return plainAnswer(410, 'This short link has expired.')
    case 'method-not-allowed':
      return plainAnswer(405, 'This short link can only be followed with GET or HEAD.', {
        Allow: 'GET, HEAD',
      })
    default:
      return decision satisfies never
  }
}

const NOT_FOUND = (): Response => plainAnswer(404, 'There is no such short link.')
