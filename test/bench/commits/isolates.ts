import { createBreaker } from '../../../src/breaker.ts'
import { createHitCounters } from '../../../src/hits/hit-counters.ts'
import {
  createRedisClient,
  type RedisClient,
  type RedisTransport,
  upstash,
} from '../../../src/redis/client.ts'
import type { Keys } from '../../../src/redis/keys.ts'
import { createChangeLogReader } from '../../../src/registers/change-log.ts'

const CONFIG = { keyPrefix: '', timeoutMs: 60_000, retries: 0 }

/** Linkr's client over any transport. Its breaker never opens: what fails shall end the benchmark. */
export const clientOver = (transport: RedisTransport): RedisClient =>
  createRedisClient(
    { ...CONFIG, url: '', token: '' },
    createBreaker({ now: Date.now, isOutage: () => false }),
    transport,
  )

/** Linkr's client as the Worker has it: HTTP to an Upstash, or to its local bridge. */
export const clientOverHttp = (url: string, token: string): RedisClient =>
  clientOver(upstash({ ...CONFIG, url, token }))

/** As long as what a visit tells usually is. */
const lineOf = (id: string): string =>
  `${id}\t1961312\t\tDE\tnews.example\tmobile\tChrome\tAndroid\tde-DE${'\t'.repeat(10)}1\t12:00c0ffee\n`

/** What one isolate does with its hits, without the redirects. */
export interface Isolate {
  /** Commits one hit for each link. */
  commit(linkIds: readonly string[]): Promise<void>
}

export function newIsolate(redis: RedisClient, keys: Keys): Isolate {
  const isolate = crypto.randomUUID()
  const changeLog = createChangeLogReader({ onChange() {}, onNewLinks() {}, onGap() {}, onWentBack() {} })
  const counters = createHitCounters({ redis, backgroundRedis: redis, keys, changeLog, now: Date.now })
  let sequence = 0
  let last = Promise.resolve()
  const send = (linkIds: readonly string[]): Promise<void> => {
    sequence = Math.max(sequence + 1, Date.now())
    const hits = new Map(linkIds.map((id) => [id, 1]))
    return counters.commit({ isolate, sequence, hits, visits: linkIds.map(lineOf).join('') })
  }
  return {
    commit(linkIds) {
      // One at a time, as the recorder does.
      last = last.then(() => send(linkIds))
      return last
    },
  }
}
