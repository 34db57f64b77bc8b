import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import { linkResponse } from '../api/responses.ts'
import { UsageError } from '../cli-error.ts'
import { linkOptions } from '../link-fields.ts'
import { print, type Terminal } from '../terminal/terminal.ts'
import { visible } from '../terminal/visible.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { hostName, repeated } from './option-parsers.ts'
import { showLink } from './show-links.ts'

interface CreateOptions extends CommonOptions {
  readonly code?: string
  readonly domain?: string
  readonly tag?: readonly string[]
  readonly replace?: boolean
}

export function addLinksCreate(links: Command, terminal: Terminal): void {
  const fields = linkOptions()
  fields
    .addTo(apiCommand(links, 'create <url>', 'Create a link, and print its short URL'))
    .option('--code <code>', 'the short code (default: one is drawn)')
    .option('--domain <host>', 'the domain (default: the default one)', hostName)
    .option('--tag <tag>', 'a tag (repeatable)', repeated)
    .option('--replace', 'replace the link that has the code, if there is one')
    .action(async (url: string, options: CreateOptions) => {
      const { code, domain, replace = false } = options
      if (replace && code === undefined) throw new UsageError('--replace needs --code.')
      const body = { url, code, domain, ...fields.given(options), tags: options.tag }
      const api = connect(terminal, options)
      const link = replace
        ? await api.request('PUT /links', linkResponse, { body })
        : // A response that is lost on the way must not cost a second link.
          await api.request('POST /links', linkResponse, { body, idempotencyKey: randomUUID() })
      if (options.json === true) showLink(terminal, link, true)
      else print(terminal, visible(link.shortUrl))
    })
}
