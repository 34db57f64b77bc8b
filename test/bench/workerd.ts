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
  readonly inspectorPort?: number
  readonly verbose?: boolean
}

const BINARY = join(import.meta.dirname, '../../node_modules/.bin/workerd')

export async function startWorkerd(options: WorkerdOptions): Promise<RunningWorkerd> {
  const { name, servers, core, inspectorPort, verbose = false } = options
  mkdirSync(OUTPUT, { recursive: true })
  const configFile = join(OUTPUT, `${name}.capnp`)
  writeFileSync(configFile, workerdConfig(servers))
  const flags = ['serve', configFile, '--experimental', '--control-fd=3']
  if (inspectorPort !== undefined) flags.push(`--inspector-addr=127.0.0.1:${inspectorPort}`)
  const [command, args] = pinned(core, BINARY, flags)
  const startedAt = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', verbose ? 'inherit' : 'ignore', 'pipe'] })
  const killWithParent = (): boolean => child.kill('SIGKILL')
  process.on('exit', killWithParent)
  const urls = await portsOf(child, servers)
  return {
    pid: child.pid ?? 0,
    urls,
    inspector: inspectorPort === undefined ? null : `ws://127.0.0.1:${inspectorPort}`,
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
async function portsOf(child: ChildProcess, servers: readonly Server[]): Promise<Map<string, string>> {
  const control = child.stdio[3]
  if (!(control instanceof Readable)) throw new Error('workerd has no control channel')
  const urls = new Map<string, string>()
  const expected = servers.filter(({ isPublic = true }) => isPublic).length
  for await (const line of createInterface({ input: control })) {
    const message = JSON.parse(line) as { event: string; socket?: string; port?: number }
    if (message.event === 'listen' && message.socket !== undefined) {
      urls.set(message.socket, `http://127.0.0.1:${message.port}`)
    }
    if (urls.size === expected) return urls
  }
  throw new Error('workerd ended before it listened: is its configuration right? (see .bench/*.capnp)')
}
