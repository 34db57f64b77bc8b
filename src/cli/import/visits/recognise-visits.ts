import { UsageError } from '../../cli-error.ts'
import { normalizeColumn } from '../formats/format.ts'
import type { Headed } from '../read-head.ts'
import { DELIMITERS, headerOf, listed } from '../recognise.ts'
import type { VisitFormat, VisitFormatName } from './visit-format.ts'
import { VISIT_FORMATS } from './visit-formats.ts'

export interface RecognisedVisits {
  readonly format: VisitFormat
  readonly delimiter: string
  readonly isBatch: boolean
}

/**
 * Tells whose visits these are by the header.
 * @param forced what `--format` says; then only its columns have to be there.
 * @throws {UsageError} that says what was found and what would be understood.
 */
export function recogniseVisits(
  { head, isUtf16 }: Headed,
  name: string,
  forced?: VisitFormatName,
): RecognisedVisits {
  if (head.trim() === '') throw new UsageError(`${name} is empty.`)
  const candidates = VISIT_FORMATS.filter((format) => forced === undefined || format.name === forced)
  for (const delimiter of DELIMITERS) {
    const columns = new Set(headerOf(head, delimiter).map(normalizeColumn))
    const format = candidates.find(({ marks }) =>
      marks.every((group) => group.some((mark) => columns.has(mark))),
    )
    if (format === undefined) continue
    const isBatch = format.isTable === true && delimiter === '\t' && !isUtf16 && !/^\s*"/.test(head)
    return { format, delimiter, isBatch }
  }
  const known = candidates.map(({ label }) => `  ${label}`).join('\n')
  if (head.includes('\0'))
    throw new UsageError(`${name} is not a text file. Known exports of visits:\n${known}`)
  const found = listed(headerOf(head, ','))
  throw new UsageError(
    `${name} is no export of visits that linkr knows; its first line has ${found}. Known exports of visits:\n${known}`,
  )
}
