import type { Command } from 'commander'
import type { ApiClient } from '../api/api-client.ts'
import { bulkResponse, domainListResponse } from '../api/responses.ts'
import { UsageError } from '../cli-error.ts'
import { createProgress } from '../terminal/progress.ts'
import { note, print, printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { type BulkOptions, changeAll, withBulkOptions } from './bulk-change.ts'
import { filterBody } from './link-query.ts'

interface AdoptOptions extends CommonOptions, BulkOptions {
  readonly copy?: boolean
}

/** `linkr domains adopt`: for a host that shared `*` and gets a namespace of its own, which begins empty. */
export function addDomainsAdopt(domains: Command, terminal: Terminal): void {
  withBulkOptions(
    apiCommand(domains, 'adopt <host>', 'Bring the links of the default domain (or --domain) to a host'),
  )
    .option('--copy', 'leave a copy of each where it is, which starts without hits')
    .action(async (host: string, options: AdoptOptions) => {
      const { copy = false, domain: from = '*' } = options
      if (from === host) throw new UsageError(`The links of ${host} are there already.`)
      const api = connect(terminal, options)
      const filter = filterBody({ ...options, domain: from })
      const changes = { domain: host, ...(copy ? { keepOldCode: true } : {}) }
      const request = (dryRun: boolean) =>
        api.request('PATCH /links', bulkResponse, { body: { filter, changes, dryRun } })
      const { matched, taken } = await request(true)
      if (!(await isListed(api, host))) note(terminal, warning(host, copy))
      const done = copy ? 'copied' : 'moved'
      const loss = copy ? '' : ' Their short URLs at other hosts stop working.'
      const progress = createProgress(terminal, done)
      const moved = await changeAll(terminal, options, {
        matched,
        question: `${copy ? 'Copy' : 'Move'} ${matched} links from "${from}" to ${host}?${loss}`,
        request: () => request(false),
        onProgress: (rows) => progress.update({ rows }),
      })
      progress.end()
      if (options.json === true) return printJson(terminal, { matched, moved, taken })
      print(terminal, options.dryRun === true ? `${matched} would be ${done}` : `${moved} ${done}`)
      if (taken > 0) note(terminal, `${taken} stay as they are: ${host} has links with their codes.`)
    })
}

async function isListed(api: ApiClient, host: string): Promise<boolean> {
  const { served } = await api.request('GET /domains', domainListResponse)
  return host === '*' || served.includes(host.toLowerCase())
}

function warning(host: string, copy: boolean): string {
  const served = `${host} is not in DOMAINS yet, so it does not show links of its own.`
  return copy
    ? `${served} List it next.`
    : `${served} Until it is listed, what moves there leads nowhere: use --copy.`
}
