import type { LinkResponse } from '../api/responses.ts'
import { LINK_FIELD_NAMES, LINK_FIELDS, type LinkField } from '../link-fields.ts'
import { type Column, printFields, printTable } from '../terminal/table.ts'
import { printJson, type Terminal } from '../terminal/terminal.ts'

const COLUMNS: readonly Column<LinkResponse>[] = [
  { title: 'SHORT URL', value: ({ shortUrl }) => shortUrl },
  { title: 'DESTINATION', value: ({ url }) => url, flexible: true },
  { title: 'HITS', value: ({ hits }) => hits, align: 'right' },
  { title: 'PEOPLE', value: ({ people }) => people ?? null, align: 'right' },
  { title: 'STATE', value: stateOf },
  { title: 'CREATED', value: ({ createdAt }) => createdAt.slice(0, 10) },
]

export function showLinks(terminal: Terminal, links: readonly LinkResponse[]): void {
  printTable(terminal, COLUMNS, links)
}

export function showLink(terminal: Terminal, link: LinkResponse, asJson: boolean | undefined): void {
  if (asJson === true) printJson(terminal, link)
  else
    printFields(terminal, [
      ['short URL', link.shortUrl],
      ['destination', link.url],
      ['id', link.id],
      ['domain', link.domain],
      ['code', link.code],
      ['state', stateOf(link)],
      ...LINK_FIELD_NAMES.flatMap((name) => shownField(LINK_FIELDS[name], link[name])),
      ['title', link.title],
      ['tags', link.tags.join(', ')],
      ['hits', link.hits],
      ...(link.people === undefined ? [] : [['people', link.people] as const]),
      ['last hit', link.lastHitAt ?? 'none flushed yet'],
      ['created', link.createdAt],
      ['updated', link.updatedAt],
      ['version', link.version],
    ])
}

function shownField({ label, option }: LinkField, value: unknown): (readonly [string, string])[] {
  if (label === undefined) return []
  if (typeof value === 'boolean') return [[label, value ? 'yes' : 'no']]
  return [[label, String(value ?? option?.none ?? '')]]
}

function stateOf({ enabled, expiresAt }: LinkResponse): string {
  if (!enabled) return 'disabled'
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'active'
}
