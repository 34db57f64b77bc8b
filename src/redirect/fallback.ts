import type { DomainSettings } from '../links/domain-settings.ts'
import { leadsToItself } from './leads-to-itself.ts'
import type { LocatedRequest } from './locate.ts'
import type { Outcome } from './respond.ts'

/** Outcome -> the setting of a domain that replaces it; the others stand. */
const FALLBACKS: Partial<Record<Outcome['kind'], 'rootUrl' | 'notFoundUrl' | 'expiredUrl'>> = {
  root: 'rootUrl',
  'not-found': 'notFoundUrl',
  disabled: 'notFoundUrl',
  expired: 'expiredUrl',
}

export const mayHaveFallback = ({ kind }: Outcome): boolean => FALLBACKS[kind] !== undefined

/** A redirect to the fallback URL that the domain's owner has set for such an outcome; without one, the outcome itself. */
export function withFallback(
  outcome: Outcome,
  { method, url }: LocatedRequest,
  settings: DomainSettings,
): Outcome {
  const fallback = FALLBACKS[outcome.kind]
  const location = fallback === undefined ? null : settings[fallback]
  if (location === null || (method !== 'GET' && method !== 'HEAD')) return outcome
  if (leadsToItself(url, location)) return { kind: 'loop' }
  return { kind: 'redirect', status: 302, location, counts: false }
}
