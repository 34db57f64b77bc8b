import { type CsvCell, csvLine } from '../../api/contract/csv.ts'
import { DIMENSION_NAMES } from '../../visits/visit.ts'
import type { VisitResponse } from '../api/stats-responses.ts'
import { visibleJson } from '../terminal/visible.ts'
import type { VisitPage } from './visit-pages.ts'

type Pages = AsyncIterable<VisitPage>

/** As one page of the API would be. */
export async function* visitsJson(pages: Pages): AsyncGenerator<string, void> {
  yield '{"data":['
  let separator = '\n'
  let next: string | null = null
  for await (const { data, nextCursor } of pages) {
    if (data.length > 0) {
      yield separator + data.map((visit) => visibleJson(JSON.stringify(visit))).join(',\n')
      separator = ',\n'
    }
    next = nextCursor
  }
  yield `\n],"nextCursor":${visibleJson(JSON.stringify(next))}}\n`
}

/** As the API's own CSV. */
export async function* visitsCsv(pages: Pages): AsyncGenerator<string, void> {
  yield csvLine(['at', 'link', 'domain', 'code', 'bot', 'visitor', ...DIMENSION_NAMES])
  for await (const { data } of pages) yield data.map((visit) => csvLine(cellsOf(visit))).join('')
}

function cellsOf({ at, link, bot, visitor, ...values }: VisitResponse): CsvCell[] {
  return [at, link.id, link.domain, link.code, bot, visitor, ...DIMENSION_NAMES.map((name) => values[name])]
}
