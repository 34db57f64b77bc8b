import { type Command, Option } from 'commander'
import { linkPageResponse } from '../api/responses.ts'
import { note, printJson, type Terminal } from '../terminal/terminal.ts'
import { visible } from '../terminal/visible.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { findLink } from './find-link.ts'
import { type FilterOptions, filterQuery, withFilters } from './link-query.ts'
import { hostName, wholeNumber } from './option-parsers.ts'
import { showLink, showLinks } from './show-links.ts'

interface ListOptions extends CommonOptions, FilterOptions {
  readonly sort: string
  readonly order: string
  readonly limit: number
  readonly cursor?: string
}

const SORTS = ['createdAt', 'updatedAt', 'hits', 'people']

/** `links list` and `links get`. */
export function addLinksList(links: Command, terminal: Terminal): void {
  withFilters(apiCommand(links, 'list', 'List links, the newest first'))
    .addOption(new Option('--sort <field>', 'order by').choices(SORTS).default('createdAt'))
    .addOption(new Option('--order <order>', 'direction').choices(['asc', 'desc']).default('desc'))
    .option('--limit <n>', 'how many, 1 to 100', wholeNumber(1, 100), 20)
    .option('--cursor <cursor>', 'where the last list ended')
    .action(async (options: ListOptions) => {
      const { sort, order, limit, cursor } = options
      const query = { ...filterQuery(options), sort, order, limit, cursor }
      const page = await connect(terminal, options).request('GET /links', linkPageResponse, { query })
      if (options.json === true) return printJson(terminal, page)
      showLinks(terminal, page.data)
      if (page.nextCursor !== null) note(terminal, `There are more: --cursor ${visible(page.nextCursor)}`)
    })

  apiCommand(links, 'get <link>', 'Show a link: its code, its short URL, or id:17')
    .option('--domain <host>', 'of the code (default: the default domain)', hostName)
    .action(async (name: string, options: CommonOptions & { readonly domain?: string }) => {
      showLink(terminal, await findLink(connect(terminal, options), name, options.domain), options.json)
    })
}
