import { UsageError } from '../cli-error.ts'

export interface DomainMap {
  /** Where the links of `host` belong; `undefined` = the server's default namespace. */
  target(host: string | undefined): string | undefined
}

/**
 * What `--domain` and `--keep-domains` say: `--domain go.example.com` puts all links there, `--domain bit.ly=go.example.com`
 * those of one host. Without either a peer's hosts are given up (a Bitly export is full of bit.ly, which is not yours to
 * serve), while `keep`, linkr's own exports always, leaves each link where it was.
 */
export function createDomainMap(specs: readonly string[], keep: boolean): DomainMap {
  const byHost = new Map<string, string>()
  let rest: string | undefined
  for (const spec of specs) {
    const parts = spec.toLowerCase().split('=')
    const [from = '', to = ''] = parts
    if (parts.length > 2 || from === '' || (parts.length === 2 && to === '')) {
      throw new UsageError(`--domain must be HOST or OLD=NEW, not "${spec}".`)
    }
    if (parts.length === 2) byHost.set(from, to)
    else if (rest === undefined) rest = from
    else throw new UsageError('--domain can name one host for all links; for several use OLD=NEW.')
  }
  return {
    target(host) {
      const mapped = host === undefined ? undefined : byHost.get(host)
      return mapped ?? rest ?? (keep ? host : undefined)
    },
  }
}
