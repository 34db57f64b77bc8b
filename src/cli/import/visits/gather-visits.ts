import { isCode } from '../../../links/code.ts'
import type { DescribeAgent } from '../../../visits/user-agent.ts'
import { visible } from '../../terminal/visible.ts'
import type { DomainMap } from '../domain-map.ts'
import type { Cells } from '../formats/format.ts'
import { readCells } from '../read-csv.ts'
import { Refused } from '../tidy-values.ts'
import { createRawDescriber, type ReadVisit } from './describe-raw.ts'
import type { RecognisedVisits } from './recognise-visits.ts'
import { createVisitDays, type VisitDays } from './visit-days.ts'

export interface GatherOptions {
  readonly found: RecognisedVisits
  readonly chunks: AsyncIterable<Uint8Array>
  readonly name: string
  readonly describeAgent: DescribeAgent
  readonly domainMap: DomainMap
  /** Where links belong that the map has no domain for. */
  readonly defaultDomain: string
  /** What `--link` says: the link of all visits. */
  readonly link: string | undefined
  readonly keepsPlaces: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly onProgress: (rows: number) => void
}

/** What a file has come to. */
export interface Gathered {
  readonly days: VisitDays
  readonly rows: number
  /** Of the rows that became visits, and of those that are none. */
  readonly visits: number
  readonly skipped: number
  readonly rejected: number
  /** The first ones. */
  readonly rejects: readonly { readonly line: number; readonly reason: string }[]
  readonly notes: Readonly<Record<string, number>>
}

const MAX_REJECTS = 1_000

/** Reads a whole file. @throws {CliError} when it cannot be read to its end: of a part nothing must be sent. */
export async function gatherVisits(options: GatherOptions): Promise<Gathered> {
  const { found, chunks, name, describeAgent, domainMap, defaultDomain, link, keepsPlaces, now, onProgress } =
    options
  const days = createVisitDays(now)
  const describe = createRawDescriber({ describeAgent, now, keepsPlaces })
  const rejects: { line: number; reason: string }[] = []
  const notes: Record<string, number> = {}
  const counts = { rows: 0, visits: 0, skipped: 0, rejected: 0 }

  const note = (text: string, hits: number): void => {
    notes[text] = (notes[text] ?? 0) + hits
  }
  const reject = (line: number, reason: string): void => {
    counts.rejected++
    if (rejects.length < MAX_REJECTS) rejects.push({ line, reason })
  }
  const codeOf = ({ code, hits }: ReadVisit): string => {
    if (link !== undefined) {
      if (code !== undefined && code !== link)
        note('of another code than that of --link, counted for it', hits)
      return link
    }
    if (code === undefined)
      throw new Refused('does not say which link was visited (--link CODE says it for all)')
    if (!isCode(code)) throw new Refused(`"${visible(code).slice(0, 80)}" is no code`)
    return code
  }

  for await (const row of readCells(chunks, found, name, (cells: Cells, line) => [{ line, cells }])) {
    counts.rows++
    onProgress(counts.rows)
    if ('problem' in row) {
      reject(row.line, row.problem)
      continue
    }
    const raw = found.format.toRaw(row.cells)
    if (raw.skipped !== undefined) {
      counts.skipped++
      note(raw.skipped, 1)
      continue
    }
    try {
      const visit = describe(raw)
      if (visit.hits === 0) continue
      const code = codeOf(visit)
      const place = domainMap(visit.host)
      for (const text of [...visit.notes, ...(place.note === undefined ? [] : [place.note])])
        note(text, visit.hits)
      days.add({ ...visit, domain: place.domain ?? defaultDomain, code })
      counts.visits += visit.hits
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      reject(row.line, error.message)
    }
  }
  return { days, ...counts, rejects, notes }
}
