/**
 * @module
 * What a million redirects cost, from the commands that were counted.
 */
import { DUB_COMMANDS, NEON_AWAKE_MINUTES, NEON_CU, PRICES, SINK_CPU_US, SOURCES } from './prices.ts'
import type { RedirectResult } from './redirects.ts'

const RATES = [1, 10, 100, 1_000] as const
const FLUSH_MINUTES = [5, 15, 30, 60] as const
const HOURS_PER_MONTH = 730

/** Redis commands of one redirect, between the cheapest traffic and the dearest. */
export interface CommandsPerRedirect {
  /** Everybody follows one link. */
  readonly oneLink: number
  /** Everybody follows another one, which the isolate does not have. */
  readonly allDifferent: number
}

/** What the commit of several links costs more than that of one: HMGET and HSET instead of HINCRBY, and HLEN. */
export const MORE_FOR_SEVERAL = 2

/** Seconds for which an isolate gathers hits: until they are worth a commit, four at most. See hit-recorder.ts. */
export const windowSeconds = (perSecond: number): number => Math.min(4, Math.ceil(32 / perSecond))

/** Of one isolate at a steady rate. */
export function commandsPerRedirect({ counts }: RedirectResult, perSecond: number): CommandsPerRedirect {
  const commitOfOne = counts.hot.redisCommands ?? Number.NaN
  const read = (counts.warm.redisCommands ?? Number.NaN) - commitOfOne
  const commits = 1 / Math.max(1, perSecond * windowSeconds(perSecond))
  return { oneLink: commitOfOne * commits, allDifferent: (commitOfOne + MORE_FOR_SEVERAL) * commits + read }
}

export function costModel(result: RedirectResult): string {
  const cpuUs = result.summaries.find(({ name }) => name === 'hot')?.cpuUs ?? 0
  const workers = workersCost(cpuUs)
  const upstash = (commands: number): number => commands * PRICES.upstashPerMillionCommands
  const dub = [DUB_COMMANDS.low, DUB_COMMANDS.high].map((commands) => dollars(upstash(commands))).join(' to ')
  const sink = workersCost(SINK_CPU_US) + PRICES.kvPerMillionReads + PRICES.analyticsPerMillionPoints
  const rows = RATES.map((rate) => {
    const { oneLink, allDifferent } = commandsPerRedirect(result, rate)
    const measured = result.steady[rate]
    const counted = measured?.redisCommands ? (measured.redisCommands / measured.redirects).toFixed(3) : '-'
    return `| ${rate} | ${oneLink.toFixed(3)} | ${counted} | ${dollars(workers + upstash(oneLink))} | ${allDifferent.toFixed(2)} | ${dollars(workers + upstash(allDifferent))} | ${dub} | ${dollars(sink)} |`
  })
  const sleep = FLUSH_MINUTES.map((minutes) => {
    const awake = Math.min(1, NEON_AWAKE_MINUTES / minutes)
    const cost = HOURS_PER_MONTH * awake * NEON_CU * PRICES.neonPerCuHour
    return `| ${minutes} min | ${Math.round(100 * (1 - awake))} % | ${dollars(cost)} |`
  })
  return `
A million redirects, by how many a second one location has. linkr's figures hold for one isolate; a location that runs
several commits from each. Few hits are gathered for up to 4 s, 32 or more for 1 s. "One link" and "all different" are the ends between which real traffic lies.

| redirects/s | one link: Redis commands each | counted | price of a million | all different: commands each | price of a million | Dub, Redis alone | Sink |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}

Dub spends 4 to 6 Upstash commands a click; Sink one KV read, one Analytics Engine point and ${SINK_CPU_US} µs of CPU. All beyond
what the plans include.

With traffic all day, Neon wakes for each flush and sleeps ${NEON_AWAKE_MINUTES} minutes later. Without traffic it sleeps, whatever the interval.
Hits that wait in Redis are in the API's totals all the same, so a long interval costs nothing but a slower \`link_hits\`.

| flush every | Neon sleeps | Neon a month (${NEON_CU} CU) |
| ---: | ---: | ---: |
${sleep.join('\n')}

Price sheets: ${SOURCES.join('; ')}.`.trim()
}

const workersCost = (cpuUs: number): number =>
  PRICES.workersPerMillionRequests + (cpuUs / 1000) * PRICES.workersPerMillionCpuMs

const dollars = (amount: number): string => `$${amount.toFixed(2)}`
