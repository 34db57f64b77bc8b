/**
 * @module
 * The hot path: request -> key -> link -> decision -> response. It waits for nothing but `links.find`, and for a link in
 * memory not even that: `redirectFromMemory` is the same path without a promise in it.
 */
import { clientOf } from '../client-address.ts'
import { codeFromPath, isReservedCode } from '../links/code.ts'
import { normalizeHost } from '../links/host.ts'
import type { Link, LinkKey } from '../links/link.ts'
import { RATE_LIMIT_PERIOD_S } from '../rate-limiter.ts'
import type { Services } from '../services.ts'
import { type Decision, decide, type RequestFacts } from './decide.ts'
import { leadsToItself } from './leads-to-itself.ts'
import { plainAnswer } from './plain-answer.ts'
import { redirectAnswer, reusableAnswer } from './redirect-answer.ts'

export async function redirect(request: Request, services: Services): Promise<Response> {
  const { hits, config, runtime } = services
  const { url } = request
  const { key, query } = locate(url, config.domains)
  if (key === null) return isRoot(url) ? noLink(request, 'rootUrl', services) : notFound()
  const link = await findLink(key, request, services)
  if (link === undefined) return TOO_MANY_MISSES()
  const decision = decide(link, factsOf(request, url, query), runtime.now())
  if (link !== null && decision.kind === 'redirect' && decision.counts) hits.record(link.id)
  if (decision.kind === 'redirect' || decision.kind === 'method-not-allowed' || decision.kind === 'loop') {
    return render(decision)
  }
  return noLink(request, decision.kind === 'expired' ? 'expiredUrl' : 'notFoundUrl', services, decision)
}

/** The same for a redirect that this isolate's memory is enough for, without a promise; `undefined` = it is not. */
export function redirectFromMemory(request: Request, services: Services): Response | undefined {
  const { links, hits, config, runtime } = services
  const { url } = request
  const { key, query } = locate(url, config.domains)
  const link = key === null ? null : links.peek(key)
  if (!link) return undefined
  const decision = decide(link, factsOf(request, url, query), runtime.now())
  if (decision.kind !== 'redirect') return undefined
  if (decision.counts) hits.record(link.id)
  return decision.location === link.url ? reusableAnswer(link) : render(decision)
}

/** `undefined` = no store is asked for this visitor, who has tried too many codes that do not exist. */
async function findLink(
  key: LinkKey,
  { headers }: Request,
  { links, misses }: Services,
): Promise<Link | null | undefined> {
  const known = links.peek(key)
  if (known !== undefined) return known
  const client = clientOf(headers)
  if (misses.isShut(client)) return undefined
  const link = await links.find(key)
  if (link === null) misses.count(client)
  return link
}

function factsOf({ method, headers }: Request, url: string, query: string): RequestFacts {
  return { method, isPrefetch: headers.get('sec-purpose')?.includes('prefetch') === true, query, url }
}

/** Where the domain's owner wants visitors to go who get no redirect; else what `decision` says. */
async function noLink(
  request: Request,
  page: 'rootUrl' | 'notFoundUrl' | 'expiredUrl',
  { settings }: Pick<Services, 'settings'>,
  decision: Decision = { kind: 'not-found' },
): Promise<Response> {
  const url = (await settings.find(new URL(request.url).host))[page]
  const follows = request.method === 'GET' || request.method === 'HEAD'
  if (url === null || !follows) return render(decision)
  if (leadsToItself(request.url, url)) return render({ kind: 'loop' })
  return render({ kind: 'redirect', status: 302, location: url, counts: false })
}

function isRoot(url: string): boolean {
  return /^[^/]*\/\/[^/?#]*\/?(?:[?#]|$)/.test(url)
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
  const host = domains.size === 0 ? '*' : normalizeHost(url.slice(hostAt, pathAt))
  return { key: { domain: domains.has(host) ? host : '*', code }, query }
}

function render(decision: Decision): Response {
  switch (decision.kind) {
    case 'redirect':
      return redirectAnswer({ status: decision.status, url: decision.location })
    case 'not-found':
      return notFound()
    case 'disabled':
      return plainAnswer(404, 'This short link has been switched off.')
    case 'expired':
      return plainAnswer(410, 'This short link has expired.')
    case 'loop':
      return plainAnswer(404, 'This address leads to itself. Its owner needs to correct its destination.')
    case 'method-not-allowed':
      return plainAnswer(405, 'This short link can only be followed with GET or HEAD.', {
        Allow: 'GET, HEAD',
      })
    default:
      return decision satisfies never
  }
}

const TOO_MANY_MISSES = (): Response =>
  plainAnswer(
    429,
    'Too many short links that do not exist were tried from your network. Try again in a minute.',
    {
      'Retry-After': `${RATE_LIMIT_PERIOD_S}`,
    },
  )

export function notFound(): Response {
  return plainAnswer(404, 'There is no such short link.')
}
