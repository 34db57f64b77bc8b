import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { visibleJson, visibleLines } from './visible.ts'

/** Everything a command knows of the world it runs in; tests bring their own. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** What was asked for, and nothing else: it may be a pipe. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** Progress, questions and errors. */
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly env: Readonly<Record<string, string | undefined>>
  /** From now on the first Ctrl-C aborts this signal and does no more; the second one ends the process. */
  readonly holdInterrupt: () => AbortSignal
}

type Style = Parameters<typeof styleText>[0]

/** Colours `text` if `stream` is a terminal and neither NO_COLOR nor TERM=dumb is set. */
export function paint(terminal: Terminal, stream: Terminal['stdout'], style: Style, text: string): string {
  const { NO_COLOR, TERM } = terminal.env
  if (stream.isTTY !== true || (NO_COLOR !== undefined && NO_COLOR !== '') || TERM === 'dumb') return text
  return styleText(style, text, { validateStream: false })
}

/** Whether a person can be asked a question. */
export function isInteractive({ stdin, stderr }: Terminal): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/** How many columns what is printed may take. */
export function widthOf({ stdout }: Terminal): number {
  return stdout.columns || DEFAULT_WIDTH
}

const DEFAULT_WIDTH = 100

export function print({ stdout }: Terminal, text: string): void {
  stdout.write(`${visibleLines(text)}\n`)
}

export function printJson(terminal: Terminal, value: unknown): void {
  const json = JSON.stringify(value, null, terminal.stdout.isTTY === true ? 2 : undefined)
  terminal.stdout.write(`${visibleJson(json)}\n`)
}

export function note({ stderr }: Terminal, text: string): void {
  stderr.write(`${visibleLines(text)}\n`)
}
