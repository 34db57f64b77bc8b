import { confirm as ask } from '@clack/prompts'
import { isInteractive, note, paint, type Terminal } from '../terminal/terminal.ts'
import type { CsvFormat, JsonFormat } from './formats/format.ts'

/** Says what an export does not bring along. */
export function sayCaveats(terminal: Terminal, { caveats }: CsvFormat | JsonFormat): void {
  for (const caveat of caveats) note(terminal, paint(terminal, terminal.stderr, 'yellow', `  ${caveat}`))
}

/** A dry run is the moment to think of the links that would arrive open; a script is told only. */
export async function askAboutOpenLinks(
  terminal: Terminal,
  { arrivesWithout }: CsvFormat | JsonFormat,
): Promise<void> {
  if (arrivesWithout === undefined) return
  if (isInteractive(terminal)) {
    const message = `Has any of these links ${arrivesWithout} today?`
    const answer = await ask({ message, initialValue: true, input: terminal.stdin, output: terminal.stderr })
    if (answer === false) return
  }
  note(
    terminal,
    `Links that have ${arrivesWithout} today would be open to everyone. Take these rows out of the file, or close their links ` +
      'after the import: linkr links edit CODE --expires DATE, or --enabled false.',
  )
}
