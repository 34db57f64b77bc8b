import {
  DEFAULT_SETTINGS,
  type DomainKey,
  type DomainSettings,
  type VersionedSettings,
} from '../links/domain-settings.ts'
import { normalizeHost } from '../links/host.ts'
import { describeError, log } from '../log.ts'
import type { MemoryTier } from './memory-tier.ts'

/** The settings that hold for a host, however it is spelled: its own, else those of `*`, else the defaults. */
export interface SettingsFinder {
  /** A store that fails means the defaults: settings never cost a redirect. */
  find(authority: string): Promise<DomainSettings>
  /** What `find` would resolve to without asking any store; `undefined` = it would have to ask. */
  peek(authority: string): DomainSettings | undefined
}

export function createSettingsFinder(
  settings: Pick<MemoryTier<DomainKey, VersionedSettings>, 'find' | 'peek'>,
): SettingsFinder {
  return {
    async find(authority) {
      const host = normalizeHost(authority)
      const hosts = host === '*' ? ['*'] : [host, '*']
      try {
        const found = await Promise.all(hosts.map((candidate) => settings.find({ host: candidate })))
        return found.find((candidate) => candidate !== null) ?? DEFAULT_SETTINGS
      } catch (error) {
        log.warn('domains.settings_unknown', { error: describeError(error) })
        return DEFAULT_SETTINGS
      }
    },

    peek(authority) {
      const own = settings.peek({ host: normalizeHost(authority) })
      if (own !== null) return own
      const general = settings.peek({ host: '*' })
      return general === null ? DEFAULT_SETTINGS : general
    },
  }
}
