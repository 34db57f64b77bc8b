import type { Command } from 'commander'
import type { ApiClient } from '../api/api-client.ts'
import { bulkEditResponse, domainListResponse } from '../api/responses.ts'
import { UsageError } from '../cli-error.ts'
import { confirm } from '../terminal/confirm.ts'
import { createProgress } from '../terminal/progress.ts'
import { note, print, printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand } from './api-command.ts'
import { type CommonOptions, connect } from './context.ts'
import { type FilterOptions, filterBody, withFilters } from './link-query.ts'

interface AdoptOptions extends CommonOptions, FilterOptions {
  readonly copy?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** `linkr domains adopt`: for a host that shared `*` and gets a namespace of its own, which begins empty. */
export function addDomainsAdopt(domains: Command, terminal: Terminal): void {
  withFilters(
    apiCommand(domains, 'adopt <host>', 'Bring the links of the default domain (or --domain) to a host'),
  )
    .option('--copy', 'leave a copy of each where it is, which starts without hits')
    .option('--dry-run', 'only count them')
    .option('--yes', 'do not ask')
    .action(async (host: string, options: AdoptOptions) => {
      const { copy = false, dryRun = false, domain: from = '*', yes, json } = options
      if (from === host) throw new UsageError(`The links of ${host} are there already.`)
      const api = connect(terminal, options)
      const changes = { domain: host, ...(copy ? { keepOldCode: true } : {}) }
      const move = (isDry: boolean) => {
        const body = { filter: filterBody({ ...options, domain: from }), changes, dryRun: isDry }
        return api.request({ method: 'PATCH', path: '/links', body, response: bulkEditResponse })
      }
      const { matched, taken } = await move(true)
      if (!(await isListed(api, host))) note(terminal, warning(host, copy))
      let moved = 0
      if (!dryRun && matched > 0) {
        const does = copy ? 'Copy' : 'Move'
        const loss = copy ? '' : ' Their short URLs at other hosts stop working.'
        await confirm(terminal, `${does} ${matched} links from "${from}" to ${host}?${loss}`, yes)
        const progress = createProgress(terminal, copy ? 'copied' : 'moved')
        for (let more = true; more; ) {
          const result = await move(false)
          moved += result.changed
          progress.update({ rows: moved })
          more = result.more && result.changed > 0
        }
        progress.end()
      }
      if (json === true) return printJson(terminal, { matched, moved, taken })
      const done = copy ? 'copied' : 'moved'
      print(terminal, dryRun ? `${matched} would be ${done}` : `${moved} ${done}`)
      if (taken > 0) note(terminal, `${taken} stay as they are: ${host} has links with their codes.`)
    })
}

async function isListed(api: ApiClient, host: string): Promise<boolean> {
  const { served } = await api.request({ method: 'GET', path: '/domains', response: domainListResponse })
  return host === '*' || served.includes(host.toLowerCase())
}

function warning(host: string, copy: boolean): string {
  const served = `${host} is not in DOMAINS yet, so it does not show links of its own.`
  return copy
    ? `${served} List it next.`
    : `${served} Until it is listed, what moves there leads nowhere: use --copy.`
}
