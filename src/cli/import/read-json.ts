import { JSONParser } from '@streamparser/json'
import { createDepthGuard } from '../../node/json-depth.ts'
import { CliError } from '../cli-error.ts'
import { shorten } from '../terminal/shorten.ts'
import { visible } from '../terminal/visible.ts'
import type { JsonFormat } from './formats/format.ts'
import { collectPages, type JsonPages } from './json-pages.ts'
import type { SourceRow } from './raw-link.ts'
import { createJsonRowReader, MAX_JSON_DEPTH } from './read-row.ts'
import type { RecognisedJson } from './recognise.ts'

/**
 * The elements of an array in a JSON text of any size; several texts may follow each other, like pages of an API. A
 * response that reports an error, or pages that are missing, are a mistake once all rows have been given out.
 */
export async function* readJson(
  chunks: AsyncIterable<Uint8Array>,
  { format, rows }: RecognisedJson,
  name: string,
): AsyncGenerator<SourceRow, void> {
  const pages = rows === 'array' ? undefined : collectPages(rows)
  const paths = pages === undefined ? ['$.*'] : [`$.${rows}.*`, '$']
  const parser = new JSONParser({ paths, keepStack: false, separator: '' })
  const readRow = createJsonRowReader(format)
  const guard = createDepthGuard(MAX_JSON_DEPTH)
  const ready: unknown[] = []
  let items = 0
  parser.onValue = ({ value, parent }) => {
    if (parent === undefined) return pages?.add(value)
    ready.push(value)
    // The parser would keep the rows of a page until its end.
    if (pages !== undefined && Array.isArray(parent)) parent.pop()
  }
  for await (const chunk of chunks) {
    const tooDeep = guard(chunk)
    const problem = problemOf(() => parser.write(chunk.subarray(0, tooDeep?.offset)))
    for (const value of ready.splice(0)) yield readRow(value, ++items)
    if (tooDeep !== null) {
      throw new CliError(`${name} nests more than ${MAX_JSON_DEPTH} levels in line ${tooDeep.line}.`)
    }
    if (problem !== undefined) throw new CliError(explain(problem, name, items))
  }
  if (!parser.isEnded && problemOf(() => parser.end()) !== undefined) {
    throw new CliError(`${name} breaks off after item ${items}: it is not the whole export.`)
  }
  const incomplete = pages === undefined ? undefined : incompleteness(pages, format, items)
  if (incomplete !== undefined) throw new CliError(`${name} ${incomplete}. It is not the whole export.`)
}

function incompleteness(pages: JsonPages, format: JsonFormat, items: number): string | undefined {
  const stray = pages.strayText()
  if (stray === null) return format.missing?.(pages.facts(), items)
  const text = stray === '' ? '' : ` ("${shorten(visible(stray), 80)}")`
  return `holds a response without links${text} among its pages, which looks like an error`
}

/** The error page of a proxy begins with `<`. */
function explain(problem: string, name: string, items: number): string {
  return /Unexpected "<"/.test(problem)
    ? `${name} has a web page after item ${items}, an error of the server it came from: it is not the whole export.`
    : `${name} is not valid JSON after item ${items}. (${problem})`
}

function problemOf(step: () => void): string | undefined {
  try {
    step()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
