import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Command, Option } from 'commander'
import type { ApiClient } from '../api/api-client.ts'
import { createExportWriter, EXPORT_FORMATS, type ExportFormat } from '../export/export-formats.ts'
import { exportPages } from '../export/export-pages.ts'
import { writeWhole } from '../export/write-whole.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import { note, type Terminal } from '../terminal/terminal.ts'
import { visibleLines } from '../terminal/visible.ts'
import { apiCommand } from './api-command.ts'
import { type CommonOptions, connect } from './context.ts'
import { type FilterOptions, filterQuery, withFilters } from './link-query.ts'

interface Options extends CommonOptions, FilterOptions {
  readonly format?: ExportFormat
  readonly output?: string
}

export function addExport(program: Command, terminal: Terminal): void {
  withFilters(
    apiCommand(program, 'export', 'Export links, all or those that a filter matches; import reads it back'),
  )
    .addOption(
      new Option('--format <format>', 'default: by the extension of --output, else csv').choices(
        EXPORT_FORMATS,
      ),
    )
    .option('-o, --output <file>', 'instead of standard output')
    .action(async (options: Options) => {
      const { output } = options
      const api = connect(terminal, options)
      const format = options.format ?? formatOf(output) ?? (options.json === true ? 'json' : 'csv')
      const progress = createProgress(terminal, 'Exported')
      let count = 0
      const text = exportText(api, options, format, (rows) => {
        count = rows
        showProgress(progress, rows, output, terminal)
      })
      try {
        if (output === undefined)
          await pipeline(shownOn(terminal.stdout, text), terminal.stdout as Writable, { end: false })
        else await writeWhole(output, text)
      } finally {
        progress.end()
      }
      if (output !== undefined) note(terminal, `${count.toLocaleString('en')} links exported to ${output}`)
    })
}

function formatOf(path: string | undefined): ExportFormat | undefined {
  const extension = path?.split('.').at(-1)?.toLowerCase()
  return EXPORT_FORMATS.find((format) => format === (extension === 'ndjson' ? 'jsonl' : extension))
}

async function* exportText(
  api: ApiClient,
  options: FilterOptions,
  format: ExportFormat,
  onRows: (rows: number) => void,
): AsyncGenerator<string, void> {
  const writer = createExportWriter(format)
  let rows = 0
  yield writer.start
  for await (const links of exportPages(api, filterQuery(options))) {
    yield writer.page(links)
    rows += links.length
    onRows(rows)
  }
  yield writer.end
}

/** A bar between the lines of the export itself would spoil both. */
function showProgress(
  progress: Progress,
  rows: number,
  output: string | undefined,
  terminal: Terminal,
): void {
  if (output !== undefined || terminal.stdout.isTTY !== true) progress.update({ rows })
}

/** Titles in a terminal must not command it. */
async function* shownOn(
  { isTTY }: Terminal['stdout'],
  text: AsyncIterable<string>,
): AsyncGenerator<string, void> {
  for await (const part of text) yield isTTY === true ? visibleLines(part) : part
}
