import { JSONParser } from '@streamparser/json'
import { CliError } from '../cli-error.ts'
import type { JsonFormat } from './formats/format.ts'
import type { JsonShape } from './json-shape.ts'
import type { SourceRow } from './raw-link.ts'
import { toJsonRow } from './to-json-row.ts'

export interface ReadJsonOptions {
  readonly format: JsonFormat
  readonly rows: Exclude<JsonShape['rows'], 'lines'>
  /** For messages. */
  readonly name: string
}

const PATHS: Readonly<Record<ReadJsonOptions['rows'], string>> = {
  array: '$.*',
  data: '$.data.*',
  links: '$.links.*',
}

/** The elements of an array in a JSON text of any size; several texts may follow each other, like pages of an API. */
export async function* readJson(
  chunks: AsyncIterable<Uint8Array>,
  { format, rows, name }: ReadJsonOptions,
): AsyncGenerator<SourceRow, void> {
  const parser = new JSONParser({ paths: [PATHS[rows]], keepStack: false, separator: '' })
  let ready: unknown[] = []
  let items = 0
  parser.onValue = ({ value }) => ready.push(value)
  const take = function* (): Generator<SourceRow, void> {
    const values = ready
    ready = []
    for (const value of values) yield toJsonRow(value, ++items, format)
  }
  for await (const chunk of chunks) {
    const problem = problemOf(() => parser.write(chunk))
    yield* take()
    if (problem !== undefined) {
      throw new CliError(`${name} is not valid JSON after item ${items}. (${problem})`)
    }
  }
  if (!parser.isEnded && problemOf(() => parser.end()) !== undefined) {
    throw new CliError(`${name} breaks off after item ${items}: it is not the whole export.`)
  }
}

function problemOf(step: () => void): string | undefined {
  try {
    step()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
