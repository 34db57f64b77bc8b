import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { PROJECT_DIR } from '../node/places.ts'

export interface WranglerDevOptions {
  readonly port: number
  /** The Worker's settings; `.dev.vars` is not read then. */
  readonly envFile: string
  /** Gives up the start. */
  readonly signal: AbortSignal
}

export interface WranglerDev {
  readonly url: string
  /** Resolves when wrangler has ended, asked to or not. */
  readonly ended: Promise<void>
  /** From here on shows what wrangler and the Worker print. */
  showOutput(): void
  /** Ends wrangler and everything that it started. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 90_000
const POLL_MS = 100
/** After this long wrangler is not asked any more. */
const STOP_TIMEOUT_MS = 3_000

/** Neither asks nor reports anything over the network, and leaves its logs to us. */
const QUIET = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_WRITE_LOGS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: 'true',
  CLOUDFLARE_INCLUDE_PROCESS_ENV: 'false',
}

/**
 * Runs `wrangler dev` on loopback and resolves when the Worker responds. Wrangler gets a process group of its own: a
 * Ctrl-C does not reach it while the Worker is still needed, and nothing that it started is left behind.
 *
 * Rejects with what wrangler printed if it fails to start; `null` = given up.
 */
export async function startWranglerDev({
  port,
  envFile,
  signal,
}: WranglerDevOptions): Promise<WranglerDev | null> {
  const child = spawnWrangler(port, envFile)
  const killAll = (): void => signalGroup(child, 'SIGKILL')
  process.once('exit', killAll)
  const ended = once(child, 'exit').then(
    // Its children outlive a wrangler that crashed.
    () => killAll(),
    () => undefined,
  )
  const output = holdOutput(child)
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    output.silence()
    signalGroup(child, 'SIGTERM')
    await Promise.race([ended, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })])
    killAll()
    await ended
    process.off('exit', killAll)
  }

  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!(await responds(`${url}/health`))) {
    if (hasEnded || signal.aborted || performance.now() > deadline) {
      const printed = output.held()
      await stop()
      if (signal.aborted) return null
      throw new Error(`wrangler dev did not start.\n${printed}`)
    }
    await sleep(POLL_MS)
  }
  return { url, ended, showOutput: output.show, stop }
}

function spawnWrangler(port: number, envFile: string): ChildProcess {
  const wrangler = createRequire(import.meta.url).resolve('wrangler/package.json')
  const script = wrangler.replace(/package\.json$/, 'bin/wrangler.js')
  const preload = new URL('exit-with-parent.ts', import.meta.url).href
  const options = ['--local', '--ip', '127.0.0.1', '--port', `${port}`, '--inspector-port', '0']
  const more = [
    '--env-file',
    envFile,
    '--infer-origin-from-routes=false',
    '--show-interactive-dev-session=false',
  ]
  return spawn(process.execPath, ['--import', preload, script, 'dev', ...options, ...more], {
    cwd: PROJECT_DIR,
    detached: true,
    stdio: 'pipe',
    env: { ...process.env, ...QUIET, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
  })
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // The whole group has ended.
  }
}

async function responds(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok
  } catch {
    return false
  }
}

/** Keeps what the child prints until it is known whether it is to be shown. */
function holdOutput({ stdout, stderr }: ChildProcess): {
  held(): string
  show(): void
  silence(): void
} {
  const chunks: Buffer[] = []
  let sink: ((chunk: Buffer) => void) | undefined = (chunk) => chunks.push(chunk)
  stdout?.on('data', (chunk: Buffer) => sink?.(chunk))
  stderr?.on('data', (chunk: Buffer) => sink?.(chunk))
  return {
    held: () => Buffer.concat(chunks).toString(),
    show: () => {
      sink = (chunk) => process.stdout.write(chunk)
    },
    silence: () => {
      sink = undefined
    },
  }
}
