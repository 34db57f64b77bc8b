import type { Config } from '../config.ts'
import { configuredHosts, normalizeHost } from '../links/host.ts'

/** Whether linkr itself answers at a host, however that is spelled. */
export type IsOwnHost = (host: string) => boolean

export interface OwnHosts {
  /**
   * What counts as linkr's own for a request: the host it came to, BASE_URL's, those in DOMAINS, and those with settings.
   * @throws {SourceUnavailable}
   */
  seenFrom(requestHost: string): Promise<IsOwnHost>
  /** Forgets which hosts have settings: they have changed here. */
  forget(): void
}

export interface OwnHostsOptions {
  readonly config: Pick<Config, 'domains' | 'baseUrl'>
  readonly hostsWithSettings: () => Promise<readonly string[]>
  readonly now: () => number
}

/** An import writes a thousand links a second; other isolates hear of new settings within the bound of any edit. */
const REMEMBER_MS = 5_000

/** The one definition of linkr's own hosts: a redirect to one of them could come back for ever. */
export function createOwnHosts({ config, hostsWithSettings, now }: OwnHostsOptions): OwnHosts {
  const configured = configuredHosts(config)
  let remembered: { readonly hosts: ReadonlySet<string>; readonly askedAt: number } | undefined

  return {
    async seenFrom(requestHost) {
      const askedAt = now()
      if (remembered === undefined || askedAt - remembered.askedAt >= REMEMBER_MS) {
        remembered = { hosts: new Set(await hostsWithSettings()), askedAt }
      }
      const { hosts } = remembered
      const here = normalizeHost(requestHost)
      return (host) => {
        const name = normalizeHost(host)
        return name === here || configured.has(name) || hosts.has(name)
      }
    },
    forget() {
      remembered = undefined
    },
  }
}
