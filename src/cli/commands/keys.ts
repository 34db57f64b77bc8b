import type { Command } from 'commander'
import {
  type KeyResponse,
  keyListResponse,
  type NewKeyResponse,
  newKeyResponse,
  nothing,
} from '../api/responses.ts'
import { UsageError } from '../cli-error.ts'
import { confirm } from '../terminal/confirm.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { note, print, printJson, type Terminal } from '../terminal/terminal.ts'
import { visible } from '../terminal/visible.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { dateOrNever, hostName, repeated, wholeNumber } from './option-parsers.ts'

const SCOPES = ['links:read', 'links:write', 'stats:read', 'admin']

const COLUMNS: readonly Column<KeyResponse>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, flexible: true },
  { title: 'KEY', value: ({ prefix }) => `${prefix}…` },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(' ') },
  { title: 'DOMAINS', value: ({ domains }) => domains?.join(' ') || 'all' },
  { title: 'LAST USED', value: ({ lastUsedAt }) => lastUsedAt ?? 'never' },
  { title: 'EXPIRES', value: ({ expiresAt }) => expiresAt ?? 'never' },
  { title: 'STATE', value: stateOf },
]

interface CreateOptions extends CommonOptions {
  readonly scope?: readonly string[]
  readonly domain?: readonly string[]
  readonly expires?: string
}

/** `linkr keys ...` */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program.command('keys').description('List, create and revoke API keys')
  apiCommand(keys, 'list', 'List the API keys').action(async (options: CommonOptions) => {
    const list = await connect(terminal, options).request('GET /keys', keyListResponse)
    if (options.json === true) printJson(terminal, list)
    else printTable(terminal, COLUMNS, list.data)
  })

  apiCommand(keys, 'create <name>', 'Create an API key; it is shown this once')
    .option('--scope <scope>', `${SCOPES.join(', ')} (repeatable; default links:read)`, repeated)
    .option(
      '--domain <host>',
      'for the links of this domain only (repeatable)',
      (host: string, before?: readonly string[]) => repeated(hostName(host), before),
    )
    .option('--expires <date>', 'ISO 8601, or "never"', dateOrNever)
    .action(async (name: string, options: CreateOptions) => {
      const { scope: scopes = ['links:read'], domain: domains, expires } = options
      const unknown = scopes.find((scope) => !SCOPES.includes(scope))
      if (unknown !== undefined)
        throw new UsageError(`--scope must be one of ${SCOPES.join(', ')}, not "${unknown}".`)
      const expiresAt = expires === 'never' ? undefined : expires
      const body = { name, scopes, domains, expiresAt }
      const created = await connect(terminal, options).request('POST /keys', newKeyResponse, { body })
      showNew(created, options, '. Keep it: linkr knows only its hash and never shows it again.')
    })

  apiCommand(
    keys,
    'rotate <id>',
    'Make a key that may do the same, in place of this one; it is shown this once',
  )
    .option('--overlap <seconds>', 'how long the old one works on', wholeNumber(0, 604_800), 0)
    .action(async (id: string, options: CommonOptions & { readonly overlap: number }) => {
      const route = `POST /keys/${encodeURIComponent(id)}/rotate` as const
      const body = { overlapSeconds: options.overlap }
      const created = await connect(terminal, options).request(route, newKeyResponse, { body })
      const end = options.overlap === 0 ? 'has ended' : `ends in ${options.overlap} s`
      showNew(created, options, ` takes the place of key ${id}, which ${end}.`)
    })

  apiCommand(keys, 'revoke <id>', 'Revoke an API key')
    .option('--yes', 'do not ask')
    .action(async (id: string, options: CommonOptions & { readonly yes?: boolean }) => {
      const api = connect(terminal, options)
      await confirm(terminal, `Revoke key ${id}? Clients that use it are shut out.`, options.yes)
      await api.request(`DELETE /keys/${encodeURIComponent(id)}`, nothing)
      if (options.json === true) printJson(terminal, { id, revoked: true })
      else print(terminal, `Key ${id} is revoked.`)
    })

  function showNew(created: NewKeyResponse, { json }: CommonOptions, remark: string): void {
    if (json === true) printJson(terminal, created)
    else {
      print(terminal, visible(created.key))
      note(terminal, `Key ${visible(created.id)} "${visible(created.name)}"${remark}`)
    }
  }
}

function stateOf({ revokedAt, expiresAt }: KeyResponse): string {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'active'
}
