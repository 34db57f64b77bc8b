import { closeSync, existsSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { stringify } from 'csv-stringify/sync'
import { CliError } from '../cli-error.ts'
import { encodeTags, encodeText } from '../export/csv-cells.ts'
import { LINK_COLUMNS, LINK_FIELDS, type LinkFieldName } from '../link-fields.ts'
import type { Reject } from './chunk-rows.ts'
import type { RawLink } from './raw-link.ts'

/** Where rejected rows go. */
export interface RejectSink {
  /** @param bytes what an earlier attempt is known to have written; anything after that is dropped. */
  start(bytes: number): void
  /** @returns how many bytes there are now. */
  append(rejects: readonly Reject[]): number
  close(): void
}

export const NO_REJECTS: RejectSink = { start: () => {}, append: () => 0, close: () => {} }

const COLUMNS = LINK_COLUMNS.filter((name) => name !== 'hits')

/** No person repairs a longer cell by hand. */
const MAX_CELL = 8192

/**
 * Rejected rows as linkr's own CSV, or as JSON lines if `path` says so, each with its line and the reason: repaired, the
 * file can be imported, into the namespaces of its siblings. It appears with the first rejected row.
 * @param isOwn whether they come from linkr's own export, whose click totals include what linkr counted.
 */
export function rejectsFile(path: string, isOwn: boolean): RejectSink {
  const hits = isOwn ? 'hits' : 'hitsElsewhere'
  const isJson = /\.(?:jsonl|ndjson)$/i.test(path)
  const header = isJson ? '' : stringify([['line', 'reason', ...COLUMNS, hits]])
  const rowOf = (reject: Reject): string => (isJson ? jsonRow(reject, hits) : csvRow(reject))
  let file: number | undefined
  let bytes = 0
  return {
    start(known) {
      // The file may have been taken away meanwhile: then it begins anew.
      bytes = existsSync(path) ? known : 0
      if (bytes === 0) return rmSync(path, { force: true })
      file = openSync(path, 'r+')
      ftruncateSync(file, bytes)
    },
    append(rejects) {
      if (rejects.length === 0) return bytes
      const text = (bytes === 0 ? header : '') + rejects.map(rowOf).join('')
      try {
        // After `start` there is none; one that has appeared since may be a symlink to another file.
        file ??= openSync(path, 'wx+')
        bytes += writeSync(file, text, bytes)
      } catch (error) {
        throw new CliError(`Cannot write the rejects to ${path}: ${(error as Error).message}`)
      }
      return bytes
    },
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}

function csvRow({ line, reason, raw }: Reject): string {
  const cells = COLUMNS.map((field) => cellOf(field, raw))
  return stringify([[line, encodeText(reason), ...cells, cellOf('hits', raw)]])
}

function jsonRow({ line, reason, raw }: Reject, hits: string): string {
  const fields = Object.fromEntries(COLUMNS.map((field) => [field, raw?.[field] ?? null]))
  return `${JSON.stringify({ line, reason, ...fields, [hits]: raw?.hits ?? null })}\n`
}

/** Nothing in it is a formula, whatever the export was made of. */
function cellOf(field: LinkFieldName, raw: RawLink | undefined): string {
  const value = raw?.[field]
  if (value === undefined || value === null) return ''
  const { cell } = LINK_FIELDS[field]
  if (cell === 'texts' && Array.isArray(value)) return encodeTags(value.map(String)).slice(0, MAX_CELL)
  const text = String(value).slice(0, MAX_CELL)
  return text === '' && cell !== 'text' ? '' : encodeText(text)
}
