/**
 * @module
 * What one redirect asks of the stores, counted at the bridges and in Redis itself.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_REPLICA_LAG_MS } from '../../src/cache/replica-lag.ts'
import { ABSENT, type Fixture, HOT } from './fixture.ts'
import type { RedisMonitor } from './redis-monitor.ts'
import { generateLoad } from './rounds.ts'
import { type Blocking, countBlocking } from './turnstile.ts'

export interface Counts {
  /** Requests that the answer waited for. */
  readonly before: Blocking
  /** All of them, those in the background after the answer too. */
  readonly redisRequests: number
  /** As Upstash bills them; `null` where Redis does not tell. */
  readonly redisCommands: number | null
  readonly sqlStatements: number
}

export const COUNTED = ['cold', 'warm', 'hot', 'head', 'absent', 'absent again'] as const
export type Counted = (typeof COUNTED)[number]

/** @param url of a Worker that has answered nothing yet, and commits hits after `COUNTING_WINDOW_MS`. */
export async function countRedirects(
  { stores }: Fixture,
  monitor: RedisMonitor | null,
  url: string,
): Promise<Readonly<Record<Counted, Counts>>> {
  const count = async (method: string, path: string, expected: number): Promise<Counts> => {
    await settle()
    stores.redisFaults.resetCounts()
    stores.postgresFaults.resetCounts()
    monitor?.reset()
    const before = await countBlocking(stores, async () => {
      const { status } = await fetch(`${url}${path}`, { method, redirect: 'manual' })
      if (status !== expected) throw new Error(`${method} ${path}: ${status} instead of ${expected}`)
    })
    await settle()
    return {
      before,
      redisRequests: stores.redisFaults.requests,
      redisCommands: monitor === null ? null : monitor.commands.length,
      sqlStatements: stores.postgresFaults.commands.length,
    }
  }
  // The first commit of an isolate also finds its place in the change log; the second looks again at the settings that
  // were loaded before that.
  for (const path of ['/c0', '/c2']) {
    await fetch(`${url}${path}`, { redirect: 'manual' })
    await settle()
  }
  // Until then it asks no replica.
  await sleep(MAX_REPLICA_LAG_MS)
  const cold = await count('GET', '/c1', 302)
  const warm = await count('GET', '/w0', 302)
  const hot = await count('GET', '/w0', 302)
  const head = await count('HEAD', '/w0', 302)
  // The first code that it does not find also asks what the domain shows then. Asked now, so that it is still known.
  await fetch(`${url}/no-such-code`, { redirect: 'manual' })
  const absent = await count('GET', ABSENT, 404)
  return { cold, warm, hot, head, absent, 'absent again': await count('GET', ABSENT, 404) }
}

export const COUNTING_WINDOW_MS = 100
/** Hits are committed by then, and what follows them is done. */
const settle = (): Promise<void> => sleep(5 * COUNTING_WINDOW_MS)

export interface SteadyCounts {
  readonly redirects: number
  readonly redisRequests: number
  readonly redisCommands: number | null
  readonly sqlStatements: number
}

export interface SteadyOptions {
  readonly url: string
  readonly perSecond: number
  readonly seconds: number
}

/** The same of one link at a steady rate, in one isolate, with the settings of a deployment. */
export async function countSteady(
  { stores }: Fixture,
  monitor: RedisMonitor | null,
  { url, perSecond, seconds }: SteadyOptions,
): Promise<SteadyCounts> {
  const load = {
    url,
    path: HOT,
    method: 'GET',
    rate: perSecond,
    connections: Math.min(perSecond, 10),
  } as const
  // The first commit of an isolate asks for more, and comes after the longer window.
  await generateLoad({ ...load, seconds: 6 }, null)
  stores.redisFaults.resetCounts()
  stores.postgresFaults.resetCounts()
  monitor?.reset()
  const { requests } = await generateLoad({ ...load, seconds }, null)
  return {
    redirects: requests,
    redisRequests: stores.redisFaults.requests,
    redisCommands: monitor === null ? null : monitor.commands.length,
    sqlStatements: stores.postgresFaults.commands.length,
  }
}
