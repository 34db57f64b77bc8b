import { rmSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { CliError, UsageError } from '../cli-error.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type CheckpointStore, fileCheckpoint, NO_CHECKPOINT } from '../import/checkpoint.ts'
import { createDomainMap } from '../import/domain-map.ts'
import { FORMAT_NAMES, type FormatName } from '../import/formats/format.ts'
import { importLinks } from '../import/import-links.ts'
import { addTotals } from '../import/import-totals.ts'
import { openJournal } from '../import/journal.ts'
import { openInput } from '../import/open-input.ts'
import { type ImportReport, printReport, printReportJson } from '../import/print-report.ts'
import { readRows } from '../import/read-rows.ts'
import { NO_REJECTS, rejectsFile } from '../import/rejects-file.ts'
import { askAboutOpenLinks, sayCaveats } from '../import/say-caveats.ts'
import { CONFLICT_MODES, type ConflictMode } from '../import/send-chunk.ts'
import { createProgress } from '../terminal/progress.ts'
import { note, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { addImportVisits } from './import-visits.ts'
import { repeated, trueOrFalse, wholeNumber } from './option-parsers.ts'

interface Options extends CommonOptions {
  readonly format?: FormatName
  readonly encoding?: string
  readonly forwardQuery?: boolean
  readonly onConflict: ConflictMode
  readonly domain: readonly string[]
  readonly keepDomains?: boolean
  readonly dryRun?: boolean
  readonly rejects?: string
  readonly checkpoint?: string
  readonly restart?: boolean
  readonly concurrency: number
}

export function addImport(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  const command = apiCommand(
    program,
    'import <file>',
    'Import links from another shortener or a linkr export ("-" = standard input)',
  )
  // What follows `visits` are options of that command, also where this one has the same.
  command.enablePositionalOptions()
  addImportVisits(command, terminal, end)
  command
    .addOption(new Option('--format <name>', 'instead of recognising it by its header').choices(FORMAT_NAMES))
    .option('--encoding <name>', 'of the file, if it is not UTF-8, such as windows-1252')
    .option(
      '--forward-query <true|false>',
      "whether links pass visitors' query strings on, where the file does not say (default: as their old home did)",
      trueOrFalse,
    )
    .addOption(
      new Option('--on-conflict <mode>', 'when a code is taken').choices(CONFLICT_MODES).default('skip'),
    )
    .option(
      '--domain <host|old=new>',
      'the domain for all links, or for those of one host (repeatable)',
      repeated,
      [],
    )
    .option('--keep-domains', 'leave links at the hosts they had, also at those that linkr does not serve')
    .option('--dry-run', 'check every row with the server and change nothing')
    .option('--rejects <file>', 'where rejected rows go, .csv or .jsonl (default: <file>.rejects.csv)')
    .option('--checkpoint <file>', 'where to remember what is done (default: <file>.linkr-import)')
    .option('--restart', 'begin from the first row, whatever a checkpoint says')
    .option('--concurrency <n>', 'requests at once, 1 to 8', wholeNumber(1, 8), 4)
    .action(async (file: string, options: Options) => end(await runImport(file, options, terminal)))
}

async function runImport(file: string, options: Options, terminal: Terminal): Promise<ExitCode> {
  const dryRun = options.dryRun === true
  const api = connect(terminal, options)
  const signal = terminal.holdInterrupt()
  const input = await openInput(file, terminal, signal)
  const { format, unit, rows, bytesRead } = await readRows(input, options)
  const domainMap = await createDomainMap({
    specs: options.domain,
    keep: options.keepDomains === true || format.name === 'linkr' || !format.namesHosts,
    api,
    signal,
  })
  const store = checkpointOf(file, options)
  const rejectsPath = options.rejects ?? (file === '-' ? undefined : `${file}.rejects.csv`)
  if (rejectsPath === file) throw new UsageError('--rejects would overwrite the input.')
  const rejects = rejectsPath === undefined ? NO_REJECTS : rejectsFile(rejectsPath, format.isOwn === true)
  const journal = openJournal({
    store,
    rejects,
    now: Date.now(),
    options: {
      server: api.origin,
      format: format.name,
      '--on-conflict': options.onConflict,
      '--domain': options.domain.join(' '),
      '--keep-domains': String(options.keepDomains === true),
      '--encoding': options.encoding ?? '',
      '--forward-query': String(options.forwardQuery ?? ''),
    },
  })
  if (options.json !== true) {
    note(terminal, `${journal.resumed ? 'Resuming' : 'Importing'} ${format.label} to ${api.origin}`)
    sayCaveats(terminal, format)
  }
  const progress = createProgress(terminal, dryRun ? 'Checked' : 'Imported')
  const startedAt = performance.now()
  const { end, unrecorded } = await importLinks({
    api,
    rows,
    journal,
    dryRun,
    onConflict: format.isOwn && options.onConflict === 'overwrite' ? 'restore' : options.onConflict,
    domainMap,
    inFlight: options.concurrency,
    signal,
    onProgress: (done) => progress.update({ rows: done, bytes: bytesRead(), total: input.size }),
  })
  progress.end()
  rejects.close()
  if (end.kind === 'complete') journal.finish()
  const totals = addTotals(journal.totals(), unrecorded)
  const report: ImportReport = {
    format: format.name,
    caveats: format.caveats,
    unit,
    dryRun,
    resumed: journal.resumed,
    end,
    totals,
    seconds: (performance.now() - startedAt) / 1000,
    // What was done beside the journal is rejected again once the input is whole.
    rejectsPath: journal.totals().rejected > 0 ? rejectsPath : undefined,
  }
  if (options.json === true) printReportJson(terminal, report)
  else {
    printReport(terminal, report)
    if (dryRun) await askAboutOpenLinks(terminal, format)
  }
  return explainEnd(report, terminal, store !== NO_CHECKPOINT)
}

function checkpointOf(file: string, { checkpoint, dryRun, restart }: Options): CheckpointStore {
  const path = checkpoint ?? (file === '-' ? undefined : `${file}.linkr-import`)
  if (dryRun === true || path === undefined) return NO_CHECKPOINT
  if (restart === true) rmSync(path, { force: true })
  return fileCheckpoint(path)
}

function explainEnd({ end, totals, unit }: ImportReport, terminal: Terminal, resumable: boolean): ExitCode {
  const again = resumable ? ' The same command goes on from here.' : ''
  switch (end.kind) {
    case 'complete':
      return totals.rejected > 0 ? EXIT.rowsRejected : EXIT.ok
    case 'interrupted':
      note(terminal, `Interrupted.${again}`)
      return EXIT.interrupted
    case 'conflict':
      throw new CliError(
        `Stopped at ${unit} ${end.conflict.line}: ${end.conflict.reason}. To go on, add ` +
          '--restart --on-conflict skip (or overwrite, or rename).',
      )
    case 'failed':
      throw new CliError(`${end.error.message}${again}`, undefined, { cause: end.error })
    default:
      return end satisfies never
  }
}
