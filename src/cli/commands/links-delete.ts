import type { Command } from 'commander'
import { bulkDeleteResponse } from '../api/responses.ts'
import { UsageError } from '../cli-error.ts'
import { confirm } from '../terminal/confirm.ts'
import { print, printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand } from './api-command.ts'
import { type CommonOptions, connect } from './context.ts'
import { findLink } from './find-link.ts'
import { type FilterOptions, filterBody, withFilters } from './link-query.ts'

interface DeleteOptions extends CommonOptions, FilterOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** The API's bound for one request. */
const MAX_IDS = 1000

export function addLinksDelete(links: Command, terminal: Terminal): void {
  const description = 'Delete links by name (code, short URL, id:17), or all that a filter matches'
  withFilters(apiCommand(links, 'delete [links...]', description))
    .option('--dry-run', 'only count them')
    .option('--yes', 'do not ask')
    .action(async (names: readonly string[], options: DeleteOptions) => {
      const api = connect(terminal, options)
      const target = await targetOf(names, options)
      const request = (dryRun: boolean) =>
        api.request({
          method: 'DELETE',
          path: '/links',
          body: { ...target, dryRun },
          response: bulkDeleteResponse,
        })
      const { matched } = await request(true)
      const dryRun = options.dryRun === true
      if (!dryRun && matched > 0) await confirm(terminal, question(matched, names), options.yes)
      let deleted = 0
      for (let more = !dryRun && matched > 0; more; ) {
        const result = await request(false)
        deleted += result.deleted
        more = result.more && result.deleted > 0
      }
      if (options.json === true) return printJson(terminal, { matched, deleted })
      print(terminal, dryRun ? `${matched} would be deleted` : `${deleted} deleted`)
    })

  async function targetOf(names: readonly string[], options: DeleteOptions): Promise<object> {
    if (names.length === 0) {
      const filter = filterBody(options)
      if (filter === null)
        throw new UsageError('Say which links: by name, or with --tag, --domain, --search, ...')
      return { filter }
    }
    if (isFiltered(options)) {
      throw new UsageError('Say either which links, or a filter, not both.')
    }
    if (names.length > MAX_IDS) throw new UsageError(`At most ${MAX_IDS} links at once.`)
    const api = connect(terminal, options)
    const ids: string[] = []
    // One after the other: a look-up is cheap, and a person typed these names.
    for (const name of names) ids.push((await findLink(api, name, options.domain)).id)
    return { ids: [...new Set(ids)] }
  }
}

/** `--domain` beside names says whose codes they are. */
function isFiltered({ domain: _whose, ...filter }: FilterOptions): boolean {
  return filterBody(filter) !== null
}

function question(matched: number, names: readonly string[]): string {
  const what = names.length === 1 ? names[0] : `${matched} links`
  return `Delete ${what}? Their short URLs stop working, and their hits are gone.`
}
