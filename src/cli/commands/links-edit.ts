import type { Command } from 'commander'
import { bulkResponse, linkResponse } from '../api/responses.ts'
import { UsageError } from '../cli-error.ts'
import { linkOptions } from '../link-fields.ts'
import { print, printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { type BulkOptions, changeAll, withBulkOptions } from './bulk-change.ts'
import { definedOf, type FieldOptions, refuseNothing } from './field-options.ts'
import { findLink } from './find-link.ts'
import { filterBody } from './link-query.ts'
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

interface EditAllOptions extends CommonOptions, ChangeOptions, BulkOptions {}

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
      const link = await api.request(`PATCH /links/${id}`, linkResponse, {
        body: changes,
        ...(ifVersion === undefined ? {} : { headers: { 'If-Match': `"${ifVersion}"` } }),
      })
      showLink(terminal, link, options.json)
    })

  const allFields = linkOptions(['enabled'])
  const editAll = apiCommand(links, 'edit-all', 'Edit every link that a filter matches')
  withBulkOptions(withChanges(editAll, allFields)).action(async (options: EditAllOptions) => {
    const filter = filterBody(options)
    if (filter === null) throw new UsageError('Say which links: --tag, --domain, --search, ...')
    const changes = changesOf(options, allFields)
    refuseNothing(changes)
    const api = connect(terminal, options)
    const request = (dryRun: boolean) =>
      api.request('PATCH /links', bulkResponse, { body: { filter, changes, dryRun } })
    const { matched } = await request(true)
    const question = `Edit ${matched} links?`
    const changed = await changeAll(terminal, options, { matched, question, request: () => request(false) })
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
