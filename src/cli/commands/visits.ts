import type { Command } from 'commander'
import type { Dimension } from '../../visits/visit.ts'
import type { VisitResponse } from '../api/stats-responses.ts'
import { type VisitPage, visitPages } from '../export/visit-pages.ts'
import { visitsCsv, visitsJson } from '../export/visits-text.ts'
import { localTimes } from '../terminal/local-time.ts'
import { streamText } from '../terminal/stream-text.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { note, type Terminal, widthOf } from '../terminal/terminal.ts'
import { visible } from '../terminal/visible.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { labelOf } from './dimension-labels.ts'
import { wholeNumber } from './option-parsers.ts'
import { findScope, type VisitOptions, visitsQuery, withCsv, withVisits } from './stats-query.ts'

interface VisitsOptions extends CommonOptions, VisitOptions {
  readonly csv?: boolean
  readonly limit: number
  readonly cursor?: string
}

/** `visits [link]`: the log. It may be long, and so it is shown page by page. */
export function addVisits(program: Command, terminal: Terminal): void {
  const description = 'List visits, the newest first: of a link (its code, its short URL, or id:17), or all'
  withCsv(withVisits(apiCommand(program, 'visits [link]', description)))
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000_000_000), 20)
    .option('--cursor <cursor>', 'where the last list ended')
    .action(async (name: string | undefined, options: VisitsOptions) => {
      const { limit, csv, cursor, json, timezone = 'UTC' } = options
      const api = connect(terminal, options)
      const { link, domain } = await findScope(api, name, options)
      const query = { ...visitsQuery(options), domain, link: link?.id }
      const pages = visitPages(api, query, { limit, cursor })
      if (json === true) return streamText(terminal, visitsJson(pages))
      const told = tellingOfMore(terminal, pages)
      if (csv === true) return streamText(terminal, visitsCsv(told))
      const columns = columnsFor(terminal, timezone, link === undefined)
      let isEmpty = true
      for await (const { data } of told) {
        if (data.length === 0) continue
        printTable(terminal, columns, data)
        isEmpty = false
      }
      if (isEmpty) note(terminal, 'No visits.')
    })
}

async function* tellingOfMore(
  terminal: Terminal,
  pages: AsyncIterable<VisitPage>,
): AsyncGenerator<VisitPage> {
  let next: string | null = null
  for await (const page of pages) {
    yield page
    next = page.nextCursor
  }
  if (next !== null) note(terminal, `There are more: --cursor ${visible(next)}`)
}

/** Below this many columns of a terminal, some of a table's are left out. */
const NARROW = 90

function columnsFor(
  terminal: Terminal,
  timezone: string,
  hasLinks: boolean,
): readonly Column<VisitResponse>[] {
  const isTerminal = terminal.stdout.isTTY === true
  const showTime = localTimes(timezone, 'second')
  const dimension = (name: Dimension): Column<VisitResponse> => ({
    title: name.toUpperCase(),
    value: (visit) => (isTerminal && !isUntold(visit, name) ? labelOf(name, visit[name]) : visit[name]),
    ...(name === 'referrer' ? { flexible: true } : {}),
  })
  const isNarrow = isTerminal && widthOf(terminal) < NARROW
  return [
    { title: 'TIME', value: ({ at }) => (isTerminal ? showTime(at) : at) },
    ...(hasLinks ? [{ title: 'LINK', value: nameOf }] : []),
    { title: 'VISITOR', value: ({ bot, visitor }) => (bot ? 'bot' : (visitor ?? '')) },
    ...(isNarrow ? [] : [dimension('country')]),
    dimension('referrer'),
    ...(isNarrow ? [] : [dimension('browser'), dimension('os')]),
    dimension('device'),
  ]
}

/** Of bots only the country is kept: nothing is said of the rest. */
const isUntold = (visit: VisitResponse, name: Dimension): boolean => visit.bot && visit[name] === ''

const nameOf = ({ link }: VisitResponse): string =>
  link.domain === '*' ? link.code : `${link.domain}/${link.code}`
