import { PassThrough, Readable } from 'node:stream'
import { run } from '../../../src/cli/program.ts'

export interface CliRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string | Uint8Array
  /** Standard output and error are a terminal. */
  readonly tty?: boolean
  /** Fires as Ctrl-C does. */
  readonly interrupt?: AbortSignal
}

/** Runs a command in this process, in a world of its own. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { env = {}, stdin = '', tty = false, interrupt = new AbortController().signal } = options
  const stdout = collector(tty)
  const stderr = collector(tty)
  const code = await run(argv, {
    stdin: Readable.from([typeof stdin === 'string' ? Buffer.from(stdin) : stdin], { objectMode: false }),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    holdInterrupt: () => interrupt,
  })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

function collector(isTTY: boolean) {
  const parts: string[] = []
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 })
  stream.on('data', (part: Buffer) => parts.push(part.toString()))
  return { stream, text: () => parts.join('') }
}
