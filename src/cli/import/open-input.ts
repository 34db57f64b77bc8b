import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { UsageError } from '../cli-error.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface Input {
  /** For messages. */
  readonly name: string
  /** Bytes; `undefined` = not known of a pipe. */
  readonly size: number | undefined
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * @param path `-` = standard input.
 * @param signal ends the reading, also while a pipe has nothing to say.
 */
export async function openInput(path: string, { stdin }: Terminal, signal: AbortSignal): Promise<Input> {
  if (path === '-') {
    if (stdin.isTTY === true) throw new UsageError('Nothing is piped into the import.')
    signal.addEventListener('abort', () => stdin.destroy())
    return { name: 'standard input', size: undefined, chunks: stdin }
  }
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`Cannot read ${path}: ${error.code === 'ENOENT' ? 'no such file' : error.message}.`)
  })
  if (!found.isFile()) throw new UsageError(`${path} is not a file.`)
  return { name: path, size: found.size, chunks: createReadStream(path, { signal }) }
}
