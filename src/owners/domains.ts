import type { DomainSettings } from '../links/domain-settings.ts'
import type { Domain, DomainStore } from './domain-store.ts'
import { createOwnHosts, type OwnHosts, type OwnHostsOptions } from './own-hosts.ts'
import type { PublishedWrites } from './published-writes.ts'
import { type SettingsLoop, settingsLoops } from './settings-loops.ts'

export type PutOutcome =
  | { readonly kind: 'written'; readonly domain: Domain }
  /** The settings would send visitors in circles; nothing has changed. */
  | { readonly kind: 'looping'; readonly loops: readonly SettingsLoop[] }

/** The settings of domains as their owners read and change them. Every method throws `SourceUnavailable` when Postgres fails. */
export interface Domains extends Pick<DomainStore, 'list' | 'get'> {
  /** @param requestHost the host that the request came to: see `OwnHosts`. */
  put(host: string, settings: DomainSettings, requestHost: string): Promise<PutOutcome>
  /** Resolves to whether there was anything to delete. */
  delete(host: string): Promise<boolean>
  readonly ownHostsSeenFrom: OwnHosts['seenFrom']
}

export interface DomainsOptions extends Omit<OwnHostsOptions, 'hostsWithSettings'> {
  readonly domains: DomainStore
  readonly writes: PublishedWrites
}

export function createDomains({ domains, writes, ...options }: DomainsOptions): Domains {
  const hostsWithSettings = async () => (await domains.list()).map(({ host }) => host)
  const ownHosts = createOwnHosts({ ...options, hostsWithSettings })

  return {
    list: domains.list,
    get: domains.get,
    ownHostsSeenFrom: ownHosts.seenFrom,

    async put(host, settings, requestHost) {
      ownHosts.forget()
      const isOwnHost = await ownHosts.seenFrom(requestHost)
      const loops = settingsLoops(host, settings, isOwnHost, await domains.list())
      if (loops.length > 0) return { kind: 'looping', loops }
      const domain = await writes.run(
        () => domains.put(host, settings).finally(ownHosts.forget),
        (written) => [{ host, version: written.version, settings: written }],
      )
      return { kind: 'written', domain }
    },

    async delete(host) {
      const version = await writes.run(
        () => domains.delete(host).finally(ownHosts.forget),
        (deletion) => (deletion === null ? [] : [{ host, version: deletion, settings: null }]),
      )
      return version !== null
    },
  }
}
