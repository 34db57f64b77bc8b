import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Terminal } from './terminal.ts'
import { visibleLines } from './visible.ts'

/** Text for standard output, part by part, as fast as that takes it: raw for files and pipes, visible on a terminal. */
export async function streamText({ stdout }: Terminal, text: AsyncIterable<string>): Promise<void> {
  await pipeline(shownOn(stdout, text), stdout as Writable, { end: false })
}

/** Texts of strangers must not command a terminal. */
async function* shownOn(
  { isTTY }: Terminal['stdout'],
  text: AsyncIterable<string>,
): AsyncGenerator<string, void> {
  for await (const part of text) yield isTTY === true ? visibleLines(part.replaceAll('\r\n', '\n')) : part
}
