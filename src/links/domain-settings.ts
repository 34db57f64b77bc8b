/**
 * @module
 * The fallback URLs and the defaults of a domain.
 *
 * Which hosts are namespaces of their own stays in the setting `DOMAINS`: a redirect must know it without asking. Any
 * host may have settings, listed there or not; those of `*` are for the hosts that have none.
 */
import type { RedirectStatus } from './link.ts'
import type { Source } from './link-source.ts'

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
  /** Whether visits that carry `Sec-GPC: 1` or `DNT: 1` are counted without a visitor's number. */
  readonly respectsOptOut: boolean
  /** Whether visits tell region, city, continent and autonomous system. */
  readonly geography: boolean
}

export const DEFAULT_SETTINGS: DomainSettings = {
  rootUrl: null,
  notFoundUrl: null,
  expiredUrl: null,
  defaultStatus: 302,
  robots: 'allow',
  respectsOptOut: true,
  geography: false,
}

/** `host` is normalized, or `*`. */
export interface DomainKey {
  readonly host: string
}

/** As caches hold them. The version comes from the same sequence as those of links. */
export interface VersionedSettings extends DomainSettings {
  readonly version: number
}

export type SettingsSource = Source<DomainKey, VersionedSettings>
