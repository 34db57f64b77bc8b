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
  /** Of the terminal; 100 unless told. */
  readonly columns?: number
  /** Keys that are pressed at the terminal when asked. */
  readonly keys?: string
  /** Fires as Ctrl-C does. */
  readonly interrupt?: AbortSignal
}

/** Runs a command in this process, in a world of its own. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { env = {}, stdin = '', tty = false, columns = 100, keys } = options
  const { interrupt = new AbortController().signal } = options
  const stdout = collector(tty, columns)
  const stderr = collector(tty, columns)
  const code = await run(argv, {
    stdin:
      keys === undefined
        ? Readable.from([typeof stdin === 'string' ? Buffer.from(stdin) : stdin], { objectMode: false })
        : keyboard(keys, stderr.asked),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    holdInterrupt: () => interrupt,
  })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

/** Types once it has been asked something. */
function keyboard(keys: string, asked: Promise<unknown>) {
  const stream = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stream })
  void asked.then(() => stream.write(keys))
  return stream
}

function collector(isTTY: boolean, columns: number) {
  const parts: string[] = []
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const stream = Object.assign(new PassThrough(), { isTTY, columns })
  stream.on('data', (part: Buffer) => {
    parts.push(part.toString())
    if (part.toString().includes('?')) resolve()
  })
  return { stream, asked, text: () => parts.join('') }
}
