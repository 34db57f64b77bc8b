import { clientOf } from '../client-address.ts'
import { type SipKey, sipHash32 } from './sip-hash.ts'

/** A longer user agent tells visitors apart no better. */
const MAX_USER_AGENT = 512

/**
 * A visitor's number of a day, 32 bits: a keyed hash of address and user agent. Without the day's key, which is gone after
 * two days, it tells nothing about either. `null` = the address is unknown.
 */
export function visitorNumber(headers: Headers, userAgent: string, key: SipKey): number | null {
  const client = clientOf(headers)
  return client === null ? null : sipHash32(key, `${client}\n${userAgent.slice(0, MAX_USER_AGENT)}`)
}

/** Whether the visitor asks not to be followed: Global Privacy Control, or its predecessor. */
export function isOptedOut(headers: Headers): boolean {
  return headers.get('Sec-GPC') === '1' || headers.get('DNT') === '1'
}
