/**
 * @module
 * The hot path: a located request -> its link -> a decision -> the response. What memory knows is answered without a
 * promise; everything else may wait for the stores.
 */
import { clientOf } from '../client-address.ts'
import type { Link } from '../links/link.ts'
import type { VisitRequest } from '../visits/visit-gatherer.ts'
import { type Decision, decide } from './decide.ts'
import { mayHaveFallback, withFallback } from './fallback.ts'
import { sharedResponse } from './link-response.ts'
import { hostOf, type LinkRequest, type LocatedRequest } from './locate.ts'
import type { RedirectServices } from './redirect-services.ts'
import { type Outcome, respond } from './respond.ts'

/** `undefined` = this isolate's memory is not enough, and `redirect` must respond. */
export function redirectFromMemory(
  located: LocatedRequest,
  request: VisitRequest,
  services: Pick<RedirectServices, 'links' | 'settings' | 'hits' | 'runtime'>,
): Response | undefined {
  if (located.kind !== 'link') return undefined
  const link = services.links.peek(located.key)
  if (link === undefined) return undefined
  const decision = visit(link, located, request, services)
  if (link !== null && decision.kind === 'redirect') {
    return decision.location === link.url ? sharedResponse(link) : respond(decision)
  }
  if (!mayHaveFallback(decision)) return respond(decision)
  const settings = services.settings.peek(hostOf(located.url))
  if (settings === undefined) return undefined
  if (link === null) countMiss(located, services)
  return respond(withFallback(decision, located, settings))
}

/** @throws {SourceUnavailable} when no store can tell whether the link exists. */
export async function redirect(
  located: LocatedRequest,
  request: VisitRequest,
  services: RedirectServices,
): Promise<Response> {
  const outcome = located.kind === 'link' ? await visitFromStores(located, request, services) : located
  if (!mayHaveFallback(outcome)) return respond(outcome)
  return respond(withFallback(outcome, located, await services.settings.find(hostOf(located.url))))
}

async function visitFromStores(
  located: LinkRequest,
  request: VisitRequest,
  services: RedirectServices,
): Promise<Outcome> {
  const { links, misses } = services
  let link = links.peek(located.key)
  if (link === undefined) {
    const client = clientOf(request.headers)
    if (misses.isBlocked(client)) return { kind: 'too-many-misses' }
    link = await links.find(located.key)
    if (link === null) misses.count(client)
  }
  if (link === null) countMiss(located, services)
  return visit(link, located, request, services)
}

/** Decides, and records the hit of a redirect that counts. */
function visit(
  link: Link | null,
  located: LinkRequest,
  request: VisitRequest,
  { hits, runtime }: Pick<RedirectServices, 'hits' | 'runtime'>,
): Decision {
  const decision = decide(link, located, runtime.now())
  if (link !== null && decision.kind === 'redirect' && decision.counts) hits.record(link.id, request)
  return decision
}

/** Where a visit to a link would count too. */
function countMiss({ key, method, isPrefetch }: LinkRequest, { hits }: Pick<RedirectServices, 'hits'>): void {
  if (method === 'GET' && !isPrefetch) hits.recordMiss(key)
}
