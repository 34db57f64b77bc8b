import type { Command } from 'commander'
import type { ApiClient } from '../api/api-client.ts'
import { ApiError } from '../api/api-error.ts'
import { type DomainResponse, domainListResponse, domainResponse, nothing } from '../api/responses.ts'
import { confirm } from '../terminal/confirm.ts'
import { type Column, printFields, printTable } from '../terminal/table.ts'
import { print, printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { addDomainsAdopt } from './domains-adopt.ts'
import { type FieldOption, fieldOptions, refuseNothing } from './field-options.ts'
import { hostName, trueOrFalse, wholeNumber } from './option-parsers.ts'

const COLUMNS: readonly Column<DomainResponse>[] = [
  { title: 'HOST', value: ({ host }) => host },
  { title: 'ROOT', value: ({ rootUrl }) => rootUrl, flexible: true },
  { title: 'NOT FOUND', value: ({ notFoundUrl }) => notFoundUrl },
  { title: 'EXPIRED', value: ({ expiredUrl }) => expiredUrl },
  { title: 'STATUS', value: ({ defaultStatus }) => defaultStatus, align: 'right' },
  { title: 'ROBOTS', value: ({ robots }) => robots },
]

const HOST = 'its name, or "*" for every host without settings of its own'

const leads = (flag: string, what: string): FieldOption => ({
  flags: `--${flag} <url>`,
  description: `where ${what}, or "none"`,
  none: 'none',
})
const SETTINGS: Readonly<Record<string, FieldOption>> = {
  rootUrl: leads('root-url', 'its bare address leads'),
  notFoundUrl: leads('not-found-url', 'unknown codes lead'),
  expiredUrl: leads('expired-url', 'expired links lead'),
  defaultStatus: {
    flags: '--default-status <code>',
    description: 'of new links: 301, 302, 307 or 308',
    parse: wholeNumber(301, 308),
  },
  robots: { flags: '--robots <policy>', description: 'what robots.txt says', choices: ['allow', 'disallow'] },
  respectsOptOut: {
    flags: '--respects-opt-out <boolean>',
    description: 'whether visitors who send Sec-GPC or DNT have no visitor number',
    parse: trueOrFalse,
  },
  geography: {
    flags: '--geography <boolean>',
    description: "whether statistics have visits' region, city, continent and network",
    parse: trueOrFalse,
  },
}

/** `linkr domains ...` */
export function addDomains(program: Command, terminal: Terminal): void {
  const domains = program.command('domains').description("List and change the domains' settings")
  apiCommand(domains, 'list', 'List the domains').action(async (options: CommonOptions) => {
    const api = connect(terminal, options)
    const list = await api.request('GET /domains', domainListResponse)
    if (options.json === true) printJson(terminal, list)
    else printTable(terminal, COLUMNS, list.data)
  })

  apiCommand(domains, 'get', 'Show the settings of a domain')
    .argument('<host>', HOST, hostName)
    .action(async (host: string, options: CommonOptions) => {
      show(await connect(terminal, options).request(`GET ${pathOf(host)}`, domainResponse), options)
    })

  const settings = fieldOptions(Object.entries(SETTINGS))
  settings
    .addTo(apiCommand(domains, 'set', 'Change settings of a domain; the others stay as they are'))
    .argument('<host>', HOST, hostName)
    .action(async (host: string, options: CommonOptions) => {
      const changes = settings.given(options)
      refuseNothing(changes)
      const api = connect(terminal, options)
      const body = { ...(await currentSettings(api, host)), ...changes }
      show(await api.request(`PUT ${pathOf(host)}`, domainResponse, { body }), options)
    })

  addDomainsAdopt(domains, terminal)

  apiCommand(domains, 'delete', 'Forget the settings of a domain; its links stay')
    .argument('<host>', HOST, hostName)
    .option('--yes', 'do not ask')
    .action(async (host: string, options: CommonOptions & { readonly yes?: boolean }) => {
      const api = connect(terminal, options)
      await confirm(terminal, `Delete the settings of ${host}?`, options.yes)
      await api.request(`DELETE ${pathOf(host)}`, nothing)
      if (options.json === true) printJson(terminal, { host, deleted: true })
      else print(terminal, `The settings of ${host} are deleted.`)
    })

  function show(domain: DomainResponse, { json }: CommonOptions): void {
    if (json === true) printJson(terminal, domain)
    else {
      const settings = Object.entries(settingsOf(domain))
      printFields(terminal, [
        ['host', domain.host],
        ...settings.map(([name, value]) => [name, value ?? null] as const),
      ])
    }
  }
}

function pathOf(host: string): `/${string}` {
  return `/domains/${encodeURIComponent(host)}`
}

function settingsOf({ rootUrl, notFoundUrl, expiredUrl, defaultStatus, robots, ...visits }: DomainResponse) {
  const { respectsOptOut, geography } = visits
  return { rootUrl, notFoundUrl, expiredUrl, defaultStatus, robots, respectsOptOut, geography }
}

/** What PUT would otherwise reset; `{}` for a domain that has no settings yet. */
async function currentSettings(api: ApiClient, host: string): Promise<object> {
  try {
    return settingsOf(await api.request(`GET ${pathOf(host)}`, domainResponse))
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return {}
    throw error
  }
}
