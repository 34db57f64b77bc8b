import type { DomainKey } from './domain-settings.ts'
import { type LinkKey, linkName } from './link.ts'

/** What Redis keeps a register of: a link, or the settings of a domain. */
export type RegisterKey = LinkKey | DomainKey

/** The key as one string: a host's own name for its settings. It has no slash, which every link's name has. */
export const registerName = (key: RegisterKey): string => ('code' in key ? linkName(key) : key.host)

export function keyFromName(name: string): RegisterKey {
  const slash = name.indexOf('/')
  return slash === -1 ? { host: name } : { domain: name.slice(0, slash), code: name.slice(slash + 1) }
}
