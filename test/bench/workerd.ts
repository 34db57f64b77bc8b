/**
 * @module
 * The Worker in raw `workerd serve`: no wrangler, no miniflare, nothing between the socket and the isolate.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pinned } from './cores.ts'
import { OUTPUT } from './places.ts'
import { type Server, workerdConfig } from './workerd-config.ts'

export interface RunningWorkerd {
  readonly pid: number
  /** Of each server, by name. */
  readonly urls: ReadonlyMap<string, string>
  /** `ws://` address of V8's inspector, followed by `/<server>`. */
  readonly inspector: string | null
  /** When every socket listened, in ms after the start of the process. */
  readonly listeningAfterMs: number
  close(): Promise<void>
}

export interface WorkerdOptions {
  readonly name: string
  readonly servers: readonly Server[]
  /** `null` = wherever the system likes. */
  readonly core: number | null
  /** Whether V8's inspector listens, on any free port. */
  readonly inspect?: boolean
  readonly verbose?: boolean
}

const BINARY = join(import.meta.dirname, '../../node_modules/.bin/workerd')

export async function startWorkerd(options: WorkerdOptions): Promise<RunningWorkerd> {
  const { name, servers, core, inspect = false, verbose = false } = options
  mkdirSync(OUTPUT, { recursive: true })
  const configFile = join(OUTPUT, `${name}.capnp`)
  writeFileSync(configFile, workerdConfig(servers))
  const flags = ['serve', configFile, '--experimental', '--control-fd=3']
  if (inspect) flags.push('--inspector-addr=127.0.0.1:0')
  const [command, args] = pinned(core, BINARY, flags)
  const startedAt = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', verbose ? 'inherit' : 'ignore', 'pipe'] })
  const killWithParent = (): boolean => child.kill('SIGKILL')
  process.on('exit', killWithParent)
  const { urls, inspector } = await listening(child, servers, inspect)
  return {
    pid: child.pid ?? 0,
    urls,
    inspector,
    listeningAfterMs: performance.now() - startedAt,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      killWithParent()
      await exit
      process.off('exit', killWithParent)
    },
  }
}

/** Reads the control channel until every socket has said where it listens. */
async function listening(
  child: ChildProcess,
  servers: readonly Server[],
  inspect: boolean,
): Promise<Pick<RunningWorkerd, 'urls' | 'inspector'>> {
  const control = child.stdio[3]
  if (!(control instanceof Readable)) throw new Error('workerd has no control channel')
  const urls = new Map<string, string>()
  let inspector: string | null = null
  const expected = servers.filter(({ isPublic = true }) => isPublic).length
  for await (const line of createInterface({ input: control })) {
    const message = JSON.parse(line) as { event: string; socket?: string; port?: number }
    if (message.event === 'listen' && message.socket !== undefined) {
      urls.set(message.socket, `http://127.0.0.1:${message.port}`)
    }
    if (message.event === 'listen-inspector') inspector = `ws://127.0.0.1:${message.port}`
    if (urls.size === expected && (inspector !== null || !inspect)) return { urls, inspector }
  }
  throw new Error('workerd ended before it listened: is its configuration right? (see .bench/*.capnp)')
}
