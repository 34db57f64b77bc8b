import type { DomainSettings } from '../links/domain-settings.ts'
import { normalizeHost } from '../links/host.ts'
import type { Domain } from './domain-store.ts'
import type { IsOwnHost } from './own-hosts.ts'

const TARGETS = ['rootUrl', 'notFoundUrl', 'expiredUrl'] as const

export interface SettingsLoop {
  readonly path: (typeof TARGETS)[number]
  readonly message: string
}

/**
 * What would send visitors in circles if `host` had these settings. Even a page of one's own is no target: its code may
 * not exist either, and then the settings of its host decide where to go on.
 * @param others the settings of every host; of two that lead to each other, the second one is refused.
 */
export function settingsLoops(
  host: string,
  settings: Pick<DomainSettings, SettingsLoop['path']>,
  isOwnHost: IsOwnHost,
  others: readonly Domain[],
): readonly SettingsLoop[] {
  const leadsHere = others.find(
    (other) => other.host !== host && targetsOf(other).some((target) => hostOf(target.url) === host),
  )
  return targetsOf(settings).flatMap(({ path, url }) => {
    const target = hostOf(url)
    if (target === host || isOwnHost(target)) return { path, message: 'must not be on a host of this linkr' }
    if (leadsHere === undefined) return []
    return { path, message: `must be null as long as the settings of "${leadsHere.host}" lead to this host` }
  })
}

function targetsOf(settings: Pick<DomainSettings, SettingsLoop['path']>) {
  return TARGETS.flatMap((path) => {
    const url = settings[path]
    return url === null ? [] : { path, url }
  })
}

const hostOf = (url: string): string => normalizeHost(new URL(url).host)
