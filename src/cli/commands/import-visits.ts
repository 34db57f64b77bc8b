import { type Command, Option } from 'commander'
import { isCode } from '../../links/code.ts'
import { loadUserAgents } from '../../visits/user-agent.ts'
import { UsageError } from '../cli-error.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { createDomainMap, findDefaultDomain } from '../import/domain-map.ts'
import { openInput } from '../import/open-input.ts'
import { readHead } from '../import/read-head.ts'
import { gatherVisits } from '../import/visits/gather-visits.ts'
import {
  printVisitsReport,
  printVisitsReportJson,
  type VisitsReport,
} from '../import/visits/print-visits-report.ts'
import { recogniseVisits } from '../import/visits/recognise-visits.ts'
import { sendVisits } from '../import/visits/send-visits.ts'
import { VISIT_FORMAT_NAMES, type VisitFormatName } from '../import/visits/visit-format.ts'
import { createProgress } from '../terminal/progress.ts'
import { note, paint, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { repeated } from './option-parsers.ts'

interface Options extends CommonOptions {
  readonly format?: VisitFormatName
  readonly source?: string
  readonly encoding?: string
  readonly link?: string
  readonly geography?: boolean
  readonly domain: readonly string[]
  readonly keepDomains?: boolean
  readonly dryRun?: boolean
}

/** `import visits <file>` */
export function addImportVisits(parent: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  apiCommand(
    parent,
    'visits <file>',
    'Import visits to links that are here already, each once ("-" = standard input)',
  )
    .addOption(
      new Option('--format <name>', 'instead of recognising it by its header').choices(VISIT_FORMAT_NAMES),
    )
    .option(
      '--source <name>',
      'who counted: two sources add up, the same one never counts twice (default: the format)',
    )
    .option('--encoding <name>', 'of the file, if it is not UTF-8, such as windows-1252')
    .option('--link <code>', 'the link of all visits in the file')
    .option('--geography', 'keep regions and cities too')
    .option(
      '--domain <host|old=new>',
      'the domain of all links, or of those of one host (repeatable)',
      repeated,
      [],
    )
    .option('--keep-domains', 'links are at the hosts that they had')
    .option('--dry-run', 'ask the server what it would count, and change nothing')
    .action(async (file: string, options: Options) => end(await importVisits(file, options, terminal)))
}

async function importVisits(file: string, options: Options, terminal: Terminal): Promise<ExitCode> {
  const { link, json, dryRun = false, encoding } = options
  if (link !== undefined && !isCode(link))
    throw new UsageError('--link must be the code of a link, like sale.')
  const startedAt = performance.now()
  const api = connect(terminal, options)
  const signal = terminal.holdInterrupt()
  const input = await openInput(file, terminal, signal)
  const start = await readHead(input.chunks, input.name, encoding)
  const found = recogniseVisits(start, input.name, options.format)
  const { format } = found
  const source = options.source ?? format.name
  if (!/^[a-z0-9-]{1,32}$/.test(source))
    throw new UsageError('--source must be small letters, digits or -, like shlink.')
  const domainMap = await createDomainMap({
    ...{ specs: options.domain, keep: options.keepDomains === true, api, signal },
  })
  if (json !== true) {
    note(terminal, `${dryRun ? 'Checking' : 'Importing'} ${format.label} to ${api.origin}`)
    for (const caveat of format.caveats)
      note(terminal, paint(terminal, terminal.stderr, 'yellow', `  ${caveat}`))
  }
  const reading = createProgress(terminal, 'Read')
  const { days, ...gathered } = await gatherVisits({
    ...{ found, domainMap, link, chunks: start.chunks, name: input.name, now: Date.now() },
    defaultDomain: await findDefaultDomain(api, signal),
    describeAgent: await loadUserAgents(),
    keepsPlaces: options.geography === true,
    onProgress: (rows) => reading.update({ rows }),
  }).finally(() => reading.end())
  const sending = createProgress(terminal, dryRun ? 'Checked days in' : 'Sent days in')
  const { end, ...sent } = await sendVisits({
    ...{ api, source, dryRun, signal, days: days.days() },
    onProgress: (done) => sending.update({ rows: done }),
  })
  sending.end()
  const report: VisitsReport = {
    ...{ format: format.name, caveats: format.caveats, dryRun },
    end: typeof end === 'string' ? end : 'failed',
    ...(typeof end === 'string' ? {} : { error: end.message }),
    ...{ ...gathered, ...sent, folded: days.folded() },
    seconds: (performance.now() - startedAt) / 1_000,
  }
  if (json === true) printVisitsReportJson(terminal, report)
  else printVisitsReport(terminal, report)
  if (typeof end !== 'string') throw end
  if (end === 'interrupted') {
    note(terminal, 'Interrupted. The same command goes on: what is counted stays counted, once.')
    return EXIT.interrupted
  }
  return report.rejected + report.refused > 0 ? EXIT.rowsRejected : EXIT.ok
}
