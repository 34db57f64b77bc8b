import type { Command } from 'commander'
import { purgeResponse } from '../api/stats-responses.ts'
import { confirm } from '../terminal/confirm.ts'
import { print, printJson, type Terminal } from '../terminal/terminal.ts'
import { visible } from '../terminal/visible.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { hostName } from './option-parsers.ts'
import { day, findNamed } from './stats-query.ts'

interface PurgeOptions extends CommonOptions {
  readonly domain?: string
  readonly before: string
  readonly yes?: boolean
}

/** `stats purge` */
export function addStatsPurge(stats: Command, terminal: Terminal): void {
  apiCommand(
    stats,
    'purge <link>',
    'Forget what is known of the visits to a link before a day; its hits stay',
  )
    .requiredOption('--before <day>', 'the first day (of UTC) that is kept', day)
    .option('--domain <host>', 'of the code (default: the default domain)', hostName)
    .option('--yes', 'do not ask')
    .action(async (name: string, options: PurgeOptions) => {
      const { before, domain, json, yes } = options
      const api = connect(terminal, options)
      const link = await findNamed(api, name, domain)
      const question = `Forget the visits to ${visible(link.name)} before ${before}? Its total of hits stays.`
      await confirm(terminal, question, yes)
      const route = `DELETE /links/${encodeURIComponent(link.id)}/stats` as const
      const purged = await api.request(route, purgeResponse, { query: { before } })
      if (json === true) return printJson(terminal, purged)
      const { days, hits, visits } = purged
      print(terminal, `${days} days with ${hits} hits forgotten, and ${visits} entries of the log`)
    })
}
