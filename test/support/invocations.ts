/**
 * @module
 * Invocations of the Worker in this process, each in an isolate of its own, on a platform that refuses to send more than some
 * requests in each of them. workerd on its own refuses none.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { vi } from 'vitest'
import { type Config, parseConfig } from '../../src/config.ts'
import { upstash } from '../../src/redis/client.ts'
import { CLAIM_HITS } from '../../src/redis/scripts/flush-hits.ts'
import { SEGMENT_LINKS } from '../../src/redis/scripts/hit-segment.ts'
import { createRuntime } from '../../src/runtime.ts'
import { createServices, type Services } from '../../src/services.ts'
import { countSubrequests, subrequestsSent } from '../../src/subrequests.ts'
import { ADMIN_TOKEN } from './edge.ts'
import type { Stores } from './stores.ts'

export interface Limits {
  /** Of the platform. */
  readonly limit: number
  /** SUBREQUESTS; default: the same. */
  readonly setting?: number
}

export interface Invocation<Result> {
  readonly result: Result
  /** Requests that the platform sent, and those it refused. */
  readonly sent: number
  readonly refused: number
  /** Requests that linkr counted, refused ones too. */
  readonly counted: number
  readonly services: Services
}

/** Links of a full segment here, so that many claims need few links. */
export const LINKS_A_CLAIM = 2

const platform = new AsyncLocalStorage<{ sent: number; refused: number; readonly limit: number }>()

/** Has the platform count, until `vi.unstubAllGlobals`. */
export function limitFetch(): void {
  const send = globalThis.fetch
  vi.stubGlobal('fetch', async (...request: Parameters<typeof fetch>) => {
    const invocation = platform.getStore()
    if (invocation !== undefined && invocation.sent >= invocation.limit) {
      invocation.refused++
      throw new Error('Too many subrequests by single Worker invocation.')
    }
    if (invocation !== undefined) invocation.sent++
    return send(...request)
  })
}

/** Runs an invocation to the end of its background work. */
export async function invoke<Result>(
  { bindings }: Pick<Stores, 'bindings'>,
  { limit, setting = limit }: Limits,
  work: (services: Services) => Promise<Result>,
): Promise<Invocation<Result>> {
  const parsed = parseConfig({ ...bindings, ADMIN_TOKEN, REDIS_TIMEOUT_MS: '5000' })
  const hits = { ...parsed.hits, sealAtLinks: LINKS_A_CLAIM }
  const config: Config = { ...parsed, hits, subrequests: setting }
  const background: Promise<unknown>[] = []
  const runtime = { ...createRuntime((task) => background.push(task)), sleep: async () => {} }
  const services = createServices(config, runtime, {
    redis: (timeoutMs) => smallClaims({ ...config.redis, timeoutMs }),
  })
  const account = { sent: 0, refused: 0, limit }
  return platform.run(account, () =>
    countSubrequests(async () => {
      const result = await work(services)
      for (const task of background) await task
      const { sent, refused } = account
      return { result, sent, refused, counted: subrequestsSent(), services }
    }),
  )
}

function smallClaims(config: Config['redis']) {
  const transport = upstash(config)
  const small = CLAIM_HITS.replace(`> ${SEGMENT_LINKS}`, `> ${LINKS_A_CLAIM}`)
  return {
    exec: transport.exec.bind(transport),
    eval: (script: string, keys: string[], args: (string | number)[]) =>
      transport.eval(script === CLAIM_HITS ? small : script, keys, args),
  }
}
