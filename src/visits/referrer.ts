import { parseHost } from '../links/host.ts'
import { MAX_VALUE_LENGTH } from './visit.ts'

/** The host is at the beginning; nothing behind it is looked at. */
const MAX_LOOKED_AT = 2_048
const ANDROID_APP = /^android-app:\/\/([a-z]\w*(?:\.[a-z]\w*)+)(?:\/|$)/i
/** Names that mean a machine of the visitor's own network: RFC 6761, 6762, 8375, and ICANN's for private use. */
const LOCAL = /(?:^|\.)(?:localhost|local|internal|home\.arpa)$/
const ADDRESS = /^[\d.]+$/
const CONTROL = /\p{Cc}/u

/**
 * The host that linked here, or the package of an Android app; '' = none that is worth telling.
 * @param header `Referer`.
 */
export function hostOfReferrer(header: string): string {
  const referrer = header.slice(0, MAX_LOOKED_AT)
  if (CONTROL.test(referrer)) return ''
  const app = ANDROID_APP.exec(referrer)?.[1]
  if (app !== undefined) return app
  const url = /^https?:\/\//i.test(referrer) ? URL.parse(referrer) : null
  const host = url === null ? null : parseHost(url.hostname)
  return host === null || !host.includes('.') || ADDRESS.test(host) || LOCAL.test(host) ? '' : host
}

/** As it is stored: '' for one of linkr's own hosts. */
export function referrerOf(host: string, isOwnHost: (host: string) => boolean): string {
  return isOwnHost(host) ? '' : shorten(withoutWww(host))
}

function withoutWww(host: string): string {
  return host.startsWith('www.') && host.includes('.', 4) ? host.slice(4) : host
}

/** By labels from the left: the name that someone registered is at the end. */
function shorten(host: string): string {
  if (host.length <= MAX_VALUE_LENGTH) return host
  const end = host.slice(-MAX_VALUE_LENGTH)
  const labels = end.slice(end.indexOf('.') + 1)
  return labels.includes('.') ? labels : end
}
