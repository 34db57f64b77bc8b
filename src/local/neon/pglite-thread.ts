import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { FromPglite, PgliteWorkerData, ToPglite } from './pglite-worker.ts'

/** How long the thread may take to finish its query and close; killed then, Postgres recovers at its next start. */
const CLOSE_TIMEOUT_MS = 3_000

/**
 * PGlite on a thread of its own: a query there blocks neither the Redis bridge nor a stop of this
 * process.
 */
export class PgliteThread {
  /** What a Postgres server reports to every client. */
  readonly settings: ReadonlyMap<string, string>
  readonly #worker: Worker
  readonly #waiting: PromiseWithResolvers<Uint8Array>[] = []
  #closed = false

  private constructor(worker: Worker, settings: ReadonlyMap<string, string>) {
    this.#worker = worker
    this.settings = settings
    worker.on('message', (message: FromPglite) => this.#receive(message))
    worker.on('error', (error) => this.#end(error))
    worker.on('exit', () => this.#end(new Error('the embedded Postgres has ended')))
  }

  /** Rejects with PGlite's own message if it cannot start. */
  static async start(workerData: PgliteWorkerData): Promise<PgliteThread> {
    const script = join(import.meta.dirname, 'pglite-worker.ts')
    // Options of this process, such as a script in its command line, are not for the thread.
    const worker = new Worker(script, { workerData, execArgv: [] })
    const { promise, resolve, reject } = Promise.withResolvers<FromPglite>()
    worker.once('message', resolve)
    worker.once('error', reject)
    const first = await promise
    if (first.kind === 'ready') return new PgliteThread(worker, first.settings)
    await worker.terminate()
    throw new Error(first.kind === 'failure' ? first.message : 'the embedded Postgres did not start')
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Runs wire messages up to one that asks for a reply, and resolves to that. */
  exec(wire: Buffer): Promise<Uint8Array> {
    const reply = Promise.withResolvers<Uint8Array>()
    if (this.#closed) reply.reject(new Error('the embedded Postgres has ended'))
    else {
      this.#waiting.push(reply)
      this.#send(wire)
    }
    return reply.promise
  }

  async close(): Promise<void> {
    if (this.#closed) return
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve))
    this.#send(null)
    const patience = new AbortController()
    await Promise.race([exited, sleep(CLOSE_TIMEOUT_MS, undefined, patience).catch(() => undefined)])
    patience.abort()
    await this.#worker.terminate()
    this.#end(new Error('the embedded Postgres was closed'))
  }

  #send(message: ToPglite): void {
    this.#worker.postMessage(message)
  }

  #receive(message: FromPglite): void {
    const reply = this.#waiting.shift()
    if (message.kind === 'reply') reply?.resolve(message.bytes)
    else reply?.reject(new Error(message.kind === 'failure' ? message.message : 'unexpected reply'))
  }

  #end(error: Error): void {
    this.#closed = true
    for (const reply of this.#waiting.splice(0)) reply.reject(error)
  }
}
