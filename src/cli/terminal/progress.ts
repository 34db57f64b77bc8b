import { shorten } from './shorten.ts'
import { note, type Terminal } from './terminal.ts'

export interface ProgressState {
  readonly rows: number
  /** Of the input; `total` is unknown for a pipe. */
  readonly bytes?: number
  readonly total?: number | undefined
}

const FRAME_MS = 100
/** A log wants to know that it still runs, not more. */
const LINE_MS = 5000
const BAR_WIDTH = 24

/**
 * A bar that redraws itself on a terminal, a line now and then in a log. (The bar of @clack/prompts reads standard input
 * in raw mode, which an import may be reading, and ends the process with 0 on Ctrl-C.)
 */
export function createProgress(terminal: Terminal, verb: string) {
  const { stderr } = terminal
  const isTerminal = stderr.isTTY === true && terminal.env.TERM !== 'dumb'
  const startedAt = Date.now()
  let shownAt = isTerminal ? 0 : startedAt
  let firstRows: number | undefined
  return {
    update(state: ProgressState): void {
      // What a resumed import passes over at once would make its rate a lie.
      firstRows ??= state.rows
      const time = Date.now()
      if (time - shownAt < (isTerminal ? FRAME_MS : LINE_MS)) return
      shownAt = time
      const rate = (state.rows - firstRows) / Math.max(0.001, (time - startedAt) / 1000)
      const text = describe(verb, state, rate)
      if (isTerminal) stderr.write(`\r\x1b[2K${shorten(text, (stderr.columns || 80) - 1)}`)
      else note(terminal, text)
    },
    /** Clears the line, so that a report can follow. */
    end(): void {
      if (isTerminal && shownAt > 0) stderr.write('\r\x1b[2K')
    },
  }
}

function describe(verb: string, { rows, bytes = 0, total }: ProgressState, rate: number): string {
  const count = `${verb} ${rows.toLocaleString('en')} rows, ${Math.round(rate).toLocaleString('en')}/s`
  if (total === undefined || total === 0) return count
  const share = Math.min(1, bytes / total)
  const filled = Math.round(share * BAR_WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${count}`
}
