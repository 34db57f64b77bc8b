import type { SettingsFinder } from '../cache/settings-finder.ts'
import { DEFAULT_SETTINGS, type DomainSettings } from '../links/domain-settings.ts'

/** The settings of domains as far as they concern visits. */
export interface KnownSettings {
  /** The defaults for a host that was not fetched: they keep the least. */
  of(host: string): DomainSettings
  /** Has `of` know these hosts. Never rejects. */
  fetch(hosts: Iterable<string>): Promise<void>
}

export interface KnownSettingsOptions {
  readonly settings: SettingsFinder
  readonly now: () => number
}

/**
 * Memory knows settings for seconds unless someone asks for them, and redirects seldom do. Asking the stores each time would
 * cost two commands a commit; how visits are described may follow an edit more slowly.
 */
const REMEMBER_MS = 5 * 60 * 1000
/** Visitors name any host they like. */
const MAX_HOSTS = 100
/** Two commands each. */
const MAX_FETCHED_AT_ONCE = 5

export function createKnownSettings({ settings, now }: KnownSettingsOptions): KnownSettings {
  const known = new Map<string, { readonly settings: DomainSettings; readonly fetchedAt: number }>()

  function recall(host: string): DomainSettings | undefined {
    const entry = known.get(host)
    return entry !== undefined && Math.abs(now() - entry.fetchedAt) < REMEMBER_MS ? entry.settings : undefined
  }

  return {
    of: (host) => settings.peek(host) ?? known.get(host)?.settings ?? DEFAULT_SETTINGS,
    async fetch(hosts) {
      const unknown = [...hosts].filter((host) => (settings.peek(host) ?? recall(host)) === undefined)
      await Promise.all(
        unknown.slice(0, MAX_FETCHED_AT_ONCE).map(async (host) => {
          const found = await settings.find(host)
          if (known.size >= MAX_HOSTS) known.clear()
          known.set(host, { settings: found, fetchedAt: now() })
        }),
      )
    },
  }
}
