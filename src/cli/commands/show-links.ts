import type { LinkResponse } from '../api/responses.ts'
import { type Column, printFields, printTable } from '../terminal/table.ts'
import { printJson, type Terminal } from '../terminal/terminal.ts'

const COLUMNS: readonly Column<LinkResponse>[] = [
  { title: 'SHORT URL', value: ({ shortUrl }) => shortUrl },
  { title: 'DESTINATION', value: ({ url }) => url, flexible: true },
  { title: 'HITS', value: ({ hits }) => hits, align: 'right' },
  { title: 'STATE', value: stateOf },
  { title: 'CREATED', value: ({ createdAt }) => createdAt.slice(0, 10) },
]

export function showLinks(terminal: Terminal, links: readonly LinkResponse[]): void {
  printTable(terminal, COLUMNS, links)
}

export function showLink(terminal: Terminal, link: LinkResponse, asJson: boolean | undefined): void {
  if (asJson === true) {
    printJson(terminal, link)
    return
  }
  printFields(terminal, [
    ['short URL', link.shortUrl],
    ['destination', link.url],
    ['id', link.id],
    ['domain', link.domain],
    ['code', link.code],
    ['state', stateOf(link)],
    ['status', link.status],
    ['forwards query', link.forwardQuery ? 'yes' : 'no'],
    ['expires', link.expiresAt ?? 'never'],
    ['title', link.title],
    ['tags', link.tags.join(', ')],
    ['hits', link.hits],
    ['last hit', link.lastHitAt ?? 'none flushed yet'],
    ['created', link.createdAt],
    ['updated', link.updatedAt],
    ['version', link.version],
  ])
}

function stateOf({ enabled, expiresAt }: LinkResponse): string {
  if (!enabled) return 'disabled'
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'active'
}
