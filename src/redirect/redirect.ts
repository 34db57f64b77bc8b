/**
 * @module
 * The hot path: a located request -> its link -> a decision -> the response. A link in memory is redirected without a
 * promise; everything else may wait for the stores.
 */
import { clientOf } from '../client-address.ts'
import type { Link } from '../links/link.ts'
import type { Services } from '../services.ts'
import { type Decision, decide } from './decide.ts'
import { withFallback } from './fallback.ts'
import { sharedResponse } from './link-response.ts'
import type { LinkRequest, LocatedRequest } from './locate.ts'
import { type Outcome, respond } from './respond.ts'

/** `undefined` = this isolate's memory is not enough, and `redirect` must respond. */
export function redirectFromMemory(
  located: LocatedRequest,
  services: Pick<Services, 'links' | 'hits' | 'runtime'>,
): Response | undefined {
  if (located.kind !== 'link') return undefined
  const link = services.links.peek(located.key)
  if (!link) return undefined
  const decision = visit(link, located, services)
  if (decision.kind !== 'redirect') return undefined
  return decision.location === link.url ? sharedResponse(link) : respond(decision)
}

/** @throws {SourceUnavailable} when no store can tell whether the link exists. */
export async function redirect(
  located: LocatedRequest,
  headers: Headers,
  services: Services,
): Promise<Response> {
  const outcome = located.kind === 'link' ? await visitFromStores(located, headers, services) : located
  return respond(await withFallback(outcome, located, services))
}

async function visitFromStores(located: LinkRequest, headers: Headers, services: Services): Promise<Outcome> {
  const { links, misses } = services
  let link = links.peek(located.key)
  if (link === undefined) {
    const client = clientOf(headers)
    if (misses.isBlocked(client)) return { kind: 'too-many-misses' }
    link = await links.find(located.key)
    if (link === null) misses.count(client)
  }
  return visit(link, located, services)
}

/** Decides, and records the hit of a redirect that counts. */
function visit(
  link: Link | null,
  located: LinkRequest,
  { hits, runtime }: Pick<Services, 'hits' | 'runtime'>,
): Decision {
  const decision = decide(link, located, runtime.now())
  if (link !== null && decision.kind === 'redirect' && decision.counts) hits.record(link.id)
  return decision
}
