import { Agent, request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_REPLICA_LAG_MS } from '../../src/cache/replica-lag.ts'
import type { Cores } from './cores.ts'
import type { Fixture } from './fixture.ts'
import { median } from './statistics.ts'
import { startWorkerd } from './workerd.ts'

/** Median latency in ms, of one visitor at a time. */
export interface Latencies {
  readonly hot: number
  readonly warm: number
  readonly cold: number
}

export interface DelayResult {
  readonly redisMs: number
  readonly postgresMs: number
  readonly without: Latencies
  readonly with: Latencies
}

const REDIS_MS = 20
const POSTGRES_MS = 50
const SAMPLES = 30
/** Longer than a hit waits. */
const COMMITTED_MS = 5_000

/** What slow stores do to a redirect. Uses up `c100` to `c200` and the same of `w`. */
export async function measureDelays(
  { stores, bindings }: Fixture,
  script: string,
  cores: Cores,
): Promise<DelayResult> {
  const server = { name: 'delays', script, bindings }
  const worker = await startWorkerd({ name: 'delays', servers: [server], core: cores.server })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const url = worker.urls.get('delays') ?? ''
  let next = 100
  const measure = async (): Promise<Latencies> => {
    const [hot, warm, cold]: [number[], number[], number[]] = [[], [], []]
    for (let sample = 0; sample < SAMPLES; sample++, next++) {
      warm.push(await visit(agent, `${url}/w${next}`))
      // A refresh or a commit that goes on in the background is no part of the next visit.
      hot.push(await visit(agent, `${url}/w${next}`))
      cold.push(await visit(agent, `${url}/c${next}`))
    }
    return { hot: median(hot), warm: median(warm), cold: median(cold) }
  }
  await visit(agent, `${url}/w99`)
  // By then its hit is committed, and it has known its place in the change log for long enough to ask replicas.
  await sleep(COMMITTED_MS + MAX_REPLICA_LAG_MS)
  const without = await measure()
  stores.redisFaults.inject({ kind: 'delay', ms: REDIS_MS })
  stores.postgresFaults.inject({ kind: 'delay', ms: POSTGRES_MS })
  const delayed = await measure()
  stores.heal()
  await sleep(1_500)
  agent.destroy()
  await worker.close()
  return { redisMs: REDIS_MS, postgresMs: POSTGRES_MS, without, with: delayed }
}

function visit(agent: Agent, url: string): Promise<number> {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    httpRequest(url, { agent }, (response) => {
      if (response.statusCode !== 302) reject(new Error(`${url}: ${response.statusCode}`))
      response.resume().on('end', () => resolve(performance.now() - startedAt))
    })
      .on('error', reject)
      .end()
  })
}
