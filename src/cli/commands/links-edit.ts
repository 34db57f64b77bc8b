import type { Command } from 'commander'
import { bulkEditResponse, linkResponse } from '../api/responses.ts'
import { UsageError } from '../cli-error.ts'
import { confirm } from '../terminal/confirm.ts'
import { print, printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand } from './api-command.ts'
import { type CommonOptions, connect } from './context.ts'
import { definedOf, type FieldOptions, refuseNothing } from './field-options.ts'
import { findLink } from './find-link.ts'
import { linkOptions } from './link-options.ts'
import { type FilterOptions, filterBody, withFilters } from './link-query.ts'
import { hostName, repeated, wholeNumber } from './option-parsers.ts'
import { showLink } from './show-links.ts'

interface ChangeOptions {
  readonly to?: string
  readonly setTag?: readonly string[]
  readonly addTag?: readonly string[]
  readonly removeTag?: readonly string[]
  readonly clearTags?: boolean
}

interface EditOptions extends CommonOptions, ChangeOptions {
  readonly domain?: string
  readonly newCode?: string
  readonly newDomain?: string
  readonly keepOldCode?: boolean
  readonly ifVersion?: number
}

interface BulkOptions extends CommonOptions, ChangeOptions, FilterOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** `links edit` for one link, `links edit-all` for what a filter matches. */
export function addLinksEdit(links: Command, terminal: Terminal): void {
  const fields = linkOptions()
  withChanges(apiCommand(links, 'edit <link>', 'Edit a link: its code, its short URL, or id:17'), fields)
    .option('--domain <host>', 'of the code (default: the default domain)', hostName)
    .option('--new-code <code>', 'move it to this code; its hits come along')
    .option('--new-domain <host>', 'move it to this domain ("*" = the default one)')
    .option('--keep-old-code', 'leave a copy where it was, a link of its own that starts without hits')
    .option('--if-version <n>', 'only if it was not edited since', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .action(async (name: string, options: EditOptions) => {
      const { newCode: code, newDomain: domain, keepOldCode } = options
      const moved = definedOf({ code, domain, keepOldCode })
      const changes = { ...changesOf(options, fields), ...moved }
      refuseNothing(changes)
      const api = connect(terminal, options)
      const { id } = await findLink(api, name, options.domain)
      const { ifVersion } = options
      const link = await api.request({
        method: 'PATCH',
        path: `/links/${id}`,
        body: changes,
        ...(ifVersion === undefined ? {} : { headers: { 'If-Match': `"${ifVersion}"` } }),
        response: linkResponse,
      })
      showLink(terminal, link, options.json)
    })

  const allFields = linkOptions(['enabled'])
  withFilters(withChanges(apiCommand(links, 'edit-all', 'Edit every link that a filter matches'), allFields))
    .option('--dry-run', 'only count them')
    .option('--yes', 'do not ask')
    .action(async (options: BulkOptions) => {
      const filter = filterBody(options)
      if (filter === null) throw new UsageError('Say which links: --tag, --domain, --search, ...')
      const changes = changesOf(options, allFields)
      refuseNothing(changes)
      const api = connect(terminal, options)
      const request = (dryRun: boolean) =>
        api.request({
          method: 'PATCH',
          path: '/links',
          body: { filter, changes, dryRun },
          response: bulkEditResponse,
        })
      const { matched } = await request(true)
      if (options.dryRun !== true && matched > 0)
        await confirm(terminal, `Edit ${matched} links?`, options.yes)
      let changed = 0
      for (let more = options.dryRun !== true && matched > 0; more; ) {
        const result = await request(false)
        changed += result.changed
        more = result.more && result.changed > 0
      }
      if (options.json === true) return printJson(terminal, { matched, changed })
      print(terminal, `${matched} matched, ${changed} changed`)
    })
}

function withChanges(command: Command, fields: FieldOptions): Command {
  return fields
    .addTo(command)
    .option('--to <url>', 'the new destination')
    .option('--set-tag <tag>', 'the new tags (repeatable)', repeated)
    .option('--clear-tags', 'no tags at all')
    .option('--add-tag <tag>', 'one more tag (repeatable)', repeated)
    .option('--remove-tag <tag>', 'one tag less (repeatable)', repeated)
}

function changesOf(options: ChangeOptions, fields: FieldOptions): Record<string, unknown> {
  const tags = options.clearTags === true ? [] : options.setTag
  const { to: url, addTag: addTags, removeTag: removeTags } = options
  if (tags !== undefined && (addTags !== undefined || removeTags !== undefined)) {
    throw new UsageError('Either --set-tag and --clear-tags, or --add-tag and --remove-tag.')
  }
  return { ...fields.given(options), ...definedOf({ url, tags, addTags, removeTags }) }
}
