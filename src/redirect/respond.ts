import { RATE_LIMIT_PERIOD_S } from '../rate-limiter.ts'
import type { Decision } from './decide.ts'
import { linkResponse } from './link-response.ts'
import { textResponse } from './text-response.ts'

/** The decision about a link, or why there is none; `too-many-misses` = no store was asked for this visitor. */
export type Outcome = Decision | { readonly kind: 'root' | 'no-link' | 'too-many-misses' }

export function respond(outcome: Outcome): Response {
  switch (outcome.kind) {
    case 'redirect':
      return linkResponse({ status: outcome.status, url: outcome.location })
    case 'root':
    case 'no-link':
    case 'not-found':
      return textResponse(404, 'There is no such short link.')
    case 'disabled':
      return textResponse(404, 'This short link has been switched off.')
    case 'expired':
      return textResponse(410, 'This short link has expired.')
    case 'loop':
      return textResponse(404, 'This address leads to itself. Its owner needs to correct its destination.')
    case 'method-not-allowed':
      return textResponse(405, 'This short link can only be followed with GET or HEAD.', {
        Allow: 'GET, HEAD',
      })
    case 'too-many-misses':
      return textResponse(
        429,
        'Too many short links that do not exist were tried from your network. Try again in a minute.',
        { 'Retry-After': `${RATE_LIMIT_PERIOD_S}` },
      )
    default:
      return outcome satisfies never
  }
}
