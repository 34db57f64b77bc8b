import type { Command } from 'commander'
import { FOLDED } from '../../visits/visit.ts'
import { type MissesResponse, missesResponse } from '../api/stats-responses.ts'
import { printCsv } from '../terminal/print-csv.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { note, printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { hostName, wholeNumber } from './option-parsers.ts'
import { type RangeOptions, rangeQuery, withCsv, withRange } from './stats-query.ts'

interface MissesOptions extends CommonOptions, RangeOptions {
  readonly csv?: boolean
  readonly domain?: string
  readonly limit: number
}

/** `stats misses` */
export function addStatsMisses(stats: Command, terminal: Terminal): void {
  withCsv(withRange(apiCommand(stats, 'misses', 'List the codes that visitors tried and no link has')))
    .option('--domain <host>', 'of this domain only ("*" = the default one)', hostName)
    .option('--limit <n>', 'how many, 1 to 1000', wholeNumber(1, 1000), 20)
    .action(async (options: MissesOptions) => {
      const { csv, domain, json, limit } = options
      const query = { ...rangeQuery(options), domain, limit }
      const misses = await connect(terminal, options).request('GET /stats/misses', missesResponse, { query })
      if (json === true) return printJson(terminal, misses)
      if (csv === true) {
        const rows = misses.data.map(({ domain, code, misses }) => [domain, code, misses])
        return printCsv(terminal, ['domain', 'code', 'misses'], rows)
      }
      if (misses.data.length === 0) note(terminal, 'No misses.')
      else printTable(terminal, columnsFor(terminal), misses.data)
    })
}

const columnsFor = ({ stdout }: Terminal): readonly Column<MissesResponse['data'][number]>[] => [
  {
    title: 'CODE',
    value: ({ code }) => (code === FOLDED && stdout.isTTY === true ? 'other' : code),
    flexible: true,
  },
  { title: 'DOMAIN', value: ({ domain }) => domain },
  { title: 'MISSES', value: ({ misses }) => misses, align: 'right' },
]
