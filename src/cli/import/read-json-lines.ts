import * as v from 'valibot'
import { createDepthGuard } from '../../node/json-depth.ts'
import { CliError } from '../cli-error.ts'
import type { JsonFormat } from './formats/format.ts'
import type { SourceRow } from './raw-link.ts'
import { createJsonRowReader, MAX_JSON_DEPTH } from './read-row.ts'

const json = v.pipe(v.string(), v.parseJson())

const NEWLINE = 0x0a
const MAX_LINE_BYTES = 16 * 1024 * 1024

/** One JSON object a line; a line that is none is a problem of its own. */
export async function* readJsonLines(
  chunks: AsyncIterable<Uint8Array>,
  format: JsonFormat,
  name: string,
): AsyncGenerator<SourceRow, void> {
  const readRow = createJsonRowReader(format)
  let number = 0
  for await (const line of splitLines(chunks, name)) {
    number++
    // A byte order mark is a blank.
    const text = line.toString().trim()
    if (createDepthGuard(MAX_JSON_DEPTH)(line) !== null) {
      yield { line: number, problem: `nests more than ${MAX_JSON_DEPTH} levels` }
    } else if (text !== '') {
      const parsed = v.safeParse(json, text)
      yield parsed.success ? readRow(parsed.output, number) : { line: number, problem: 'is not valid JSON' }
    }
  }
}

/** Not node:readline: it would also break lines at U+2028, which JSON text may contain. */
async function* splitLines(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Buffer, void> {
  const pending: Uint8Array[] = []
  let pendingBytes = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      pending.push(chunk.subarray(start, end))
      yield Buffer.concat(pending)
      pending.length = 0
      pendingBytes = 0
      start = end + 1
    }
    pending.push(chunk.subarray(start))
    pendingBytes += chunk.length - start
    if (pendingBytes > MAX_LINE_BYTES) throw new CliError(`${name} has a line of more than 16 MB.`)
  }
  if (pendingBytes > 0) yield Buffer.concat(pending)
}
