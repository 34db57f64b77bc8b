import { DEFAULT_SETTINGS, type DomainSettings, type SettingsSource } from '../links/domain-settings.ts'
import { normalizeHost } from '../links/host.ts'
import { describeError, log } from '../log.ts'

export interface SettingsFinder {
  /**
   * The settings that hold for a host, however it is spelled: its own, else those of `*`, else the defaults. A store that
   * fails means the defaults too: settings never cost a redirect.
   */
  find(authority: string): Promise<DomainSettings>
}

export function createSettingsFinder(settings: SettingsSource): SettingsFinder {
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
  }
}
