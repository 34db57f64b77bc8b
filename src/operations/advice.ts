import type { Config } from '../config.ts'
import { normalizeHost } from '../links/host.ts'

/** What an operator who looks at the health of linkr should change about its settings. */
export function adviceFor(
  requestHost: string,
  { domains, baseUrl, previousAdminToken }: Pick<Config, 'domains' | 'baseUrl' | 'previousAdminToken'>,
): readonly string[] {
  const host = normalizeHost(requestHost)
  const isOnWorkersDev = host.endsWith(WORKERS_DEV)
  const hasOwnDomain =
    domains.size > 0 || (baseUrl !== null && !normalizeHost(new URL(baseUrl).host).endsWith(WORKERS_DEV))
  return [
    ...(isOnWorkersDev && hasOwnDomain
      ? [`Everything can be reached at ${host} too: set workers_dev = false in wrangler.toml and deploy.`]
      : []),
    ...(previousAdminToken === null
      ? []
      : ['ADMIN_TOKEN_PREVIOUS still works: delete it once every client has the new token.']),
  ]
}

const WORKERS_DEV = '.workers.dev'
