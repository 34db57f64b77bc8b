import { type Command, Option } from 'commander'
import { statsResponse } from '../api/stats-responses.ts'
import { printCsv } from '../terminal/print-csv.ts'
import { printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { wholeNumber } from './option-parsers.ts'
import { showStats } from './show-stats.ts'
import { statsTable } from './stats-csv.ts'
import { addStatsMisses } from './stats-misses.ts'
import { addStatsPurge } from './stats-purge.ts'
import { dimension, findScope, type VisitOptions, visitsQuery, withCsv, withVisits } from './stats-query.ts'

interface StatsOptions extends CommonOptions, VisitOptions {
  readonly csv?: boolean
  readonly by?: readonly string[]
  readonly interval: string
  readonly top: number
}

const INTERVALS = ['hour', 'day', 'week', 'month']
const SHOWN_DIMENSIONS = ['country', 'referrer', 'browser', 'device']

/** `stats [link]`, `stats misses` and `stats purge`. */
export function addStats(program: Command, terminal: Terminal): void {
  const stats = program
    .command('stats')
    .description('Count visits: people, bots, visitors, countries, referrers, ...')
    .addHelpText(
      'after',
      '\n"linkr stats [link]" is "linkr stats show [link]", whose --help has the options.',
    )
  addStatsShow(stats, terminal)
  addStatsMisses(stats, terminal)
  addStatsPurge(stats, terminal)
}

function addStatsShow(stats: Command, terminal: Terminal): void {
  const description = 'Count the visits of a link (its code, its short URL, or id:17), or all visits'
  withCsv(withVisits(apiCommand(stats, 'show [link]', description, { isDefault: true })))
    .option('--by <dimension>', `repeatable (default: ${SHOWN_DIMENSIONS.join(', ')})`, dimension)
    .addOption(new Option('--interval <interval>', 'of the series').choices(INTERVALS).default('day'))
    .option('--top <n>', 'shown of each dimension, 1 to 100', wholeNumber(1, 100), 5)
    .action(async (name: string | undefined, options: StatsOptions) => {
      const { interval, top, csv, json } = options
      const by = options.by ?? (csv === true ? [] : SHOWN_DIMENSIONS)
      const api = connect(terminal, options)
      const { link, domain } = await findScope(api, name, options)
      const route =
        link === undefined ? 'GET /stats' : (`GET /links/${encodeURIComponent(link.id)}/stats` as const)
      const query = { ...visitsQuery(options), domain, interval, groupBy: by }
      const stats = await api.request(route, statsResponse, { query })
      if (json === true) printJson(terminal, stats)
      else if (csv === true) await printCsv(terminal, ...statsTable(stats, by))
      else showStats(terminal, stats, { name: link?.name, by, top })
    })
}
