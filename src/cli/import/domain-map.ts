import { normalizeHost, parseHost } from '../../links/host.ts'
import type { ApiClient } from '../api/api-client.ts'
import { ApiError } from '../api/api-error.ts'
import { domainListResponse } from '../api/responses.ts'
import { CliError, UsageError } from '../cli-error.ts'

export interface Place {
  /** `undefined` = the server's default namespace. */
  readonly domain: string | undefined
  /** What the report says of it. */
  readonly note?: string
}

/** Where the links of a host belong. Throws `CliError` where that cannot be told. */
export type DomainMap = (host: unknown) => Place

export interface DomainMapOptions {
  /** What `--domain` says: `go.example.com` for all links, `bit.ly=go.example.com` for those of one host. */
  readonly specs: readonly string[]
  /** `--keep-domains`, and linkr's own exports: each link stays where it was. */
  readonly keep: boolean
  /** Asked for its namespaces only where that matters. */
  readonly api: ApiClient
  readonly signal: AbortSignal
}

/**
 * Links keep their host where the server serves it as a namespace of its own; those of other hosts (a Bitly export is
 * full of bit.ly, which is not yours to serve) go to the default namespace, and the report says how many.
 */
export async function createDomainMap(options: DomainMapOptions): Promise<DomainMap> {
  const { specs, keep, api, signal } = options
  const { byHost, rest } = parseSpecs(specs)
  const served = keep || rest !== undefined ? [] : await findServed(api, signal)
  const namespaces = served === null ? null : new Set(served)
  const named = new Set<string>()

  function placeOfPeer(host: string): Place {
    if (namespaces === null) {
      throw new CliError(
        `This token may not ask which hosts linkr serves (scope links:read), so where do links of ${host} belong? ` +
          'Say --domain HOST for all, --domain OLD=NEW for each, or --keep-domains.',
      )
    }
    if (namespaces.has(host)) return { domain: host }
    // A file may name any number of hosts, and each name stays in the report.
    if (named.size < MAX_NAMED) named.add(host)
    const from = named.has(host) ? host : 'other hosts'
    return { domain: undefined, note: `from ${from}, no namespace of this linkr: into the default one` }
  }

  return (asked) => {
    const host = typeof asked === 'string' && asked !== '' ? normalizeHost(asked) : undefined
    const mapped = (host === undefined ? undefined : byHost.get(host)) ?? rest
    if (mapped !== undefined) return { domain: mapped }
    if (host === undefined || keep) return { domain: host }
    return placeOfPeer(host)
  }
}

/**
 * What the server takes for the default domain, as far as it may be asked. Requests that must not mean one link by two names
 * say it themselves.
 */
export async function findDefaultDomain(api: ApiClient, signal: AbortSignal): Promise<string> {
  const host = normalizeHost(new URL(api.origin).host)
  return (await findServed(api, signal))?.includes(host) === true ? host : '*'
}

/** The hosts that are namespaces of the server; `null` = the token may not ask. */
async function findServed(api: ApiClient, signal: AbortSignal): Promise<readonly string[] | null> {
  try {
    return (await api.request('GET /domains', domainListResponse, { signal })).served
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return null
    throw error
  }
}

const MAX_NAMED = 20

function parseSpecs(specs: readonly string[]): { byHost: Map<string, string>; rest: string | undefined } {
  const byHost = new Map<string, string>()
  let rest: string | undefined
  for (const spec of specs) {
    const [from = '', to, ...more] = spec.toLowerCase().split('=')
    if (from === '' || to === '' || more.length > 0) {
      throw new UsageError(`--domain must be HOST or OLD=NEW, not "${spec}".`)
    }
    const target = to ?? from
    if (target !== '*' && parseHost(target) === null) {
      throw new UsageError(`--domain: "${target}" is not a host name like go.example.com.`)
    }
    if (to !== undefined) byHost.set(normalizeHost(from), to)
    else if (rest === undefined) rest = from
    else throw new UsageError('--domain can name one host for all links; for several use OLD=NEW.')
  }
  return { byHost, rest }
}
