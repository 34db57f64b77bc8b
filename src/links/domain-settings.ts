/**
 * @module
 * What a domain shows where it has no link to show. In the caches, the settings of a host are one more register, under
 * the code that no link can have: the empty one. So they are found, published and repaired as links are.
 *
 * Which hosts are namespaces of their own stays in the setting `DOMAINS`: a redirect must know it without asking. Any
 * host may have settings, listed there or not; those of `*` are for the hosts that have none.
 */

import { describeError, log } from '../log.ts'
import { isWebUrl } from './destination.ts'
import { normalizeHost } from './host.ts'
import { type Link, type LinkKey, REDIRECT_STATUSES, type RedirectStatus } from './link.ts'
import type { LinkSource } from './link-source.ts'

export const ROBOTS_POLICIES = ['allow', 'disallow'] as const
export type RobotsPolicy = (typeof ROBOTS_POLICIES)[number]

export interface DomainSettings {
  /** Where `/` leads; `null` = nowhere. */
  readonly rootUrl: string | null
  /** Where codes lead that no link has, or one that is switched off. */
  readonly notFoundUrl: string | null
  readonly expiredUrl: string | null
  /** The status of links that are created without one. */
  readonly defaultStatus: RedirectStatus
  readonly robots: RobotsPolicy
}

export const DEFAULT_SETTINGS: DomainSettings = {
  rootUrl: null,
  notFoundUrl: null,
  expiredUrl: null,
  defaultStatus: 302,
  robots: 'allow',
}

export const settingsKey = (host: string): LinkKey => ({ domain: host, code: '' })

export interface SettingsFinder {
  /**
   * The settings that hold for a host, however it is spelled. A store that fails means the defaults: settings never cost a redirect.
   */
  find(host: string): Promise<DomainSettings>
}

export function createSettingsFinder(links: LinkSource): SettingsFinder {
  return {
    async find(authority) {
      const host = normalizeHost(authority)
      try {
        const hosts = host === '*' ? ['*'] : [host, '*']
        const found = await Promise.all(hosts.map((candidate) => links.find(settingsKey(candidate))))
        const register = found.find((candidate) => candidate !== null)
        if (register !== undefined) return fromRegister(register)
      } catch (error) {
        log.warn('domains.settings_unknown', { error: describeError(error) })
      }
      return DEFAULT_SETTINGS
    },
  }
}

/** The id of settings that are dressed as a link. */
export const SETTINGS_ID = '0'

/** Settings dressed as a link, whose destination is their text; the database's view `registers` dresses them alike. */
export function toRegister(settings: DomainSettings, version: number): Link {
  const { rootUrl, notFoundUrl, expiredUrl, robots, defaultStatus: status } = settings
  const url = JSON.stringify({ rootUrl, notFoundUrl, expiredUrl, robots })
  return { id: SETTINGS_ID, url, status, enabled: true, expiresAt: null, forwardQuery: false, version }
}

function fromRegister({ url, status }: Link): DomainSettings {
  const { rootUrl, notFoundUrl, expiredUrl, robots } = JSON.parse(url) as Partial<Record<string, unknown>>
  const page = (value: unknown): string | null =>
    typeof value === 'string' && isWebUrl(value) ? value : null
  return {
    rootUrl: page(rootUrl),
    notFoundUrl: page(notFoundUrl),
    expiredUrl: page(expiredUrl),
    defaultStatus: REDIRECT_STATUSES.find((known) => known === status) ?? DEFAULT_SETTINGS.defaultStatus,
    robots: robots === 'disallow' ? robots : 'allow',
  }
}
