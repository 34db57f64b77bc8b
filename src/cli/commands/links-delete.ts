import type { Command } from 'commander'
import type { ApiClient } from '../api/api-client.ts'
import { bulkResponse } from '../api/responses.ts'
import { UsageError } from '../cli-error.ts'
import { print, printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { type BulkOptions, changeAll, withBulkOptions } from './bulk-change.ts'
import { findLink } from './find-link.ts'
import { type FilterOptions, filterBody } from './link-query.ts'

interface DeleteOptions extends CommonOptions, BulkOptions {}

/** The API's bound for one request. */
const MAX_IDS = 1000

export function addLinksDelete(links: Command, terminal: Terminal): void {
  const description = 'Delete links by name (code, short URL, id:17), or all that a filter matches'
  withBulkOptions(apiCommand(links, 'delete [links...]', description)).action(
    async (names: readonly string[], options: DeleteOptions) => {
      const api = connect(terminal, options)
      const target = await targetOf(api, names, options)
      const request = (dryRun: boolean) =>
        api.request('DELETE /links', bulkResponse, { body: { ...target, dryRun } })
      const { matched } = await request(true)
      const what = names.length === 1 ? names[0] : `${matched} links`
      const question = `Delete ${what}? Their short URLs stop working, and their hits are gone.`
      const deleted = await changeAll(terminal, options, { matched, question, request: () => request(false) })
      if (options.json === true) return printJson(terminal, { matched, deleted })
      print(terminal, options.dryRun === true ? `${matched} would be deleted` : `${deleted} deleted`)
    },
  )
}

async function targetOf(api: ApiClient, names: readonly string[], options: FilterOptions): Promise<object> {
  const { domain, ...others } = options
  if (names.length === 0) {
    const filter = filterBody(options)
    if (filter !== null) return { filter }
    throw new UsageError('Say which links: by name, or with --tag, --domain, --search, ...')
  }
  // `--domain` beside names says whose codes they are.
  if (filterBody(others) !== null) throw new UsageError('Say either which links, or a filter, not both.')
  if (names.length > MAX_IDS) throw new UsageError(`At most ${MAX_IDS} links at once.`)
  const ids = new Set<string>()
  // One after the other: a look-up is cheap, and a person typed these names.
  for (const name of names) ids.add((await findLink(api, name, domain)).id)
  return { ids: [...ids] }
}
