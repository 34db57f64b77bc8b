import { type Command, Option } from 'commander'
import { exportPages } from '../export/export-pages.ts'
import { EXPORT_FORMATS, type ExportFormat, exportText } from '../export/export-text.ts'
import { writeWhole } from '../export/write-whole.ts'
import { createProgress } from '../terminal/progress.ts'
import { streamText } from '../terminal/stream-text.ts'
import { note, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
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
      // A bar between the lines of the export itself would spoil both.
      const isBarShown = output !== undefined || terminal.stdout.isTTY !== true
      const pages = async function* () {
        for await (const links of exportPages(api, filterQuery(options))) {
          yield links
          count += links.length
          if (isBarShown) progress.update({ rows: count })
        }
      }
      const text = exportText(pages(), format)
      try {
        if (output === undefined) await streamText(terminal, text)
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
