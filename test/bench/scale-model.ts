/**
 * @module
 * What linkr needs at more and more traffic, worked out of what the benchmarks measured.
 */
import type { ApplyMeasurement } from './apply-visits.ts'
import type { CommitsRow } from './commits/bench-commits.ts'
import { MORE_FOR_SEVERAL, windowSeconds } from './cost-model.ts'
import { NEON_CU, PRICES } from './prices.ts'
import type { RedirectResult } from './redirects.ts'
import { median } from './statistics.ts'

const RATES = [1, 100, 10_000] as const
const LOCATIONS = [1, 30, 300] as const
/** Equally popular. */
const LINKS = 1_000
const FLUSH_EVERY_S = 300
/** An isolate asks for a link again after this long. */
const MEMORY_S = 60
const MONTH_S = 30 * 86_400
const SEGMENT_BYTES = 256 * 1024
const CLAIM_BYTES = 512 * 1024

export interface Measured {
  /** Redis commands of a commit of one link, and of a read. */
  readonly commitCommands: number
  readonly readCommands: number
  /** Of a core of Redis. */
  readonly commitUs: number
  readonly commitOf50Us: number
  readonly readUs: number
  readonly bytesPerVisit: number
  /** Of Postgres. */
  readonly msPerVisit: number
  readonly workerUs: number
  /** What the log, the packed rows of a link's day and its sketch take in Postgres, indices included. */
  readonly bytesPerLogged: number
  readonly bytesPerLinkDay: number
}

export function measured(
  redirect: RedirectResult,
  commits: readonly CommitsRow[],
  applied: readonly ApplyMeasurement[],
  sizes: { readonly bytesPerLogged: number; readonly bytesPerLinkDay: number },
): Measured {
  const commitCommands = redirect.counts.hot.redisCommands ?? Number.NaN
  const us = (hits: CommitsRow['hits']): number => {
    const known = commits.filter((row) => row.isolates === 1_000 && row.hits === hits)
    return median(known.flatMap(({ commitUs }) => commitUs ?? []))
  }
  const reads = commits.find(({ isolates }) => isolates === 0)
  return {
    commitCommands,
    readCommands: (redirect.counts.warm.redisCommands ?? Number.NaN) - commitCommands,
    commitUs: us('each its own'),
    commitOf50Us: us('each 50 of its own'),
    readUs: (1e6 * (reads?.redisBusy ?? Number.NaN)) / 2_000,
    bytesPerVisit: median(applied.map(({ bytes, visits }) => bytes / visits)),
    msPerVisit: median(applied.map(({ milliseconds, visits }) => milliseconds / visits)),
    workerUs: redirect.summaries.find(({ name }) => name === 'hot')?.cpuUs ?? Number.NaN,
    ...sizes,
  }
}

/** Of a month with that rate day and night. */
interface Need {
  readonly commands: number
  readonly requests: number
  readonly redisCpu: number
  /** Waiting in Redis when a flush begins. */
  readonly waitingBytes: number
  readonly flushSubrequests: number
  readonly flushSeconds: number
  readonly logBytes: number
  readonly detailBytes: number
  readonly price: number
}

function needOf(m: Measured, rate: number, locations: number): Need {
  const perIsolate = rate / locations
  const window = windowSeconds(perIsolate)
  const commits = locations / Math.max(window, 1 / perIsolate)
  const hitsPerCommit = rate / commits
  const links = LINKS * (1 - (1 - 1 / LINKS) ** hitsPerCommit)
  const reads = (locations * LINKS) / (MEMORY_S + LINKS / perIsolate)
  const perCommit = m.commitCommands + (links > 1.5 ? MORE_FOR_SEVERAL : 0)
  const commands = commits * perCommit + reads * m.readCommands
  const commitUs = m.commitUs + ((Math.min(links, 500) - 1) * (m.commitOf50Us - m.commitUs)) / 49
  const visits = rate * FLUSH_EVERY_S
  const waitingBytes = visits * m.bytesPerVisit
  const redirects = rate * MONTH_S
  const logBytes = redirects * m.bytesPerLogged
  const linkDays = Math.min(LINKS, rate * 86_400) * 30
  const workers =
    5 +
    (Math.max(0, redirects - 10e6) / 1e6) * PRICES.workersPerMillionRequests +
    (Math.max(0, (redirects * m.workerUs) / 1e3 - 30e6) / 1e6) * PRICES.workersPerMillionCpuMs
  const upstash = (Math.max(0, commands * MONTH_S - 500_000) / 1e6) * PRICES.upstashPerMillionCommands
  const neon =
    730 * Math.max(NEON_CU, (rate * m.msPerVisit) / 1_000) * PRICES.neonPerCuHour +
    ((logBytes + linkDays * m.bytesPerLinkDay) / 1e9) * PRICES.neonPerGbMonth
  return {
    commands,
    requests: commits + reads,
    redisCpu: (commits * commitUs + reads * m.readUs) / 1e6,
    waitingBytes,
    flushSubrequests: 1 + 3 * Math.max(1, Math.ceil(waitingBytes / CLAIM_BYTES)),
    flushSeconds: (visits * m.msPerVisit) / 1_000,
    logBytes,
    detailBytes: linkDays * m.bytesPerLinkDay,
    price: workers + upstash + neon,
  }
}

/** What plans allow, as read 2026-11-28; a need above it is too much for the plan. */
const LIMITS: readonly (readonly [
  plan: 'free' | 'paid',
  name: string,
  used: (need: Need, rate: number) => number,
])[] = [
  ['free', 'Workers Free: 100,000 requests a day', (_, rate) => (rate * 86_400) / 100_000],
  ['free', 'Upstash Free: 500,000 commands a month', ({ commands }) => (commands * MONTH_S) / 500_000],
  ['free', 'Neon Free: 0.5 GB', ({ logBytes, detailBytes }) => (logBytes + detailBytes) / 0.5e9],
  ['free', 'Neon Free: 100 CU-hours a month', () => (730 * NEON_CU) / 100],
  ['free', 'Workers Free: 50 subrequests of a cron', ({ flushSubrequests }) => flushSubrequests / 50],
  ['paid', 'Workers Paid: 10,000 subrequests of a cron', ({ flushSubrequests }) => flushSubrequests / 10_000],
  ['paid', 'a core of Redis', ({ redisCpu }) => redisCpu],
  [
    'paid',
    'Postgres: a flush takes as long as the time between two',
    ({ flushSeconds }) => flushSeconds / FLUSH_EVERY_S,
  ],
  ['paid', 'Workers: a cron ends after 15 minutes', ({ flushSeconds }) => flushSeconds / 900],
]

function firstLimit(plan: 'free' | 'paid', need: Need, rate: number): string {
  const used = LIMITS.filter(([of]) => of === plan).map(([, name, share]) => ({
    name,
    share: share(need, rate),
  }))
  const first = used.reduce((most, one) => (one.share > most.share ? one : most))
  return `${first.name} (${first.share >= 10 ? first.share.toFixed(0) : first.share.toPrecision(2)} of it)`
}

export function scaleModel(m: Measured): string {
  const rows = RATES.flatMap((rate) =>
    LOCATIONS.map((locations) => {
      const need = needOf(m, rate, locations)
      return `| ${[
        rate.toLocaleString('en-US'),
        locations,
        number(need.commands),
        (need.commands / rate).toPrecision(2),
        number(need.requests),
        `${(100 * need.redisCpu).toPrecision(2)} %`,
        `${size(need.waitingBytes)} (${Math.ceil(need.waitingBytes / SEGMENT_BYTES)})`,
        `${number(need.flushSeconds)} s`,
        number(need.flushSubrequests),
        `${size(need.logBytes)} + ${size(need.detailBytes)}`,
        `$${Math.round(need.price).toLocaleString('en-US')}`,
        `$${((1e6 * need.price) / (rate * MONTH_S)).toFixed(2)}`,
        firstLimit('free', need, rate),
        firstLimit('paid', need, rate),
      ].join(' | ')} |`
    }),
  )
  return `| redirects/s | locations | Redis commands/s | each | requests/s | of a Redis core | waiting at a flush (segments) | flush, Postgres | flush, subrequests | Postgres a month: log + details | a month | a million | free plans: first limit | paid plans: first limit |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |
${rows.join('\n')}

From these measurements: a commit is ${m.commitCommands} Redis commands for one link and ${m.commitCommands + MORE_FOR_SEVERAL} for several, and a read ${m.readCommands}; of a Redis core a commit takes ${m.commitUs.toFixed(0)} µs for one
link and ${m.commitOf50Us.toFixed(0)} for 50, a read ${m.readUs.toFixed(0)}; a visit is ${m.bytesPerVisit.toFixed(0)} bytes in Redis, ${m.msPerVisit.toFixed(3)} ms of Postgres at a flush, ${m.bytesPerLogged.toFixed(0)} bytes in the log,
and the rows of a link and day take ${m.bytesPerLinkDay.toFixed(0)} bytes. ${LINKS.toLocaleString('en-US')} links alike, one isolate a location, traffic alike day and night, a flush every ${FLUSH_EVERY_S / 60} minutes.`
}

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2)

function size(bytes: number): string {
  const [unit, name] =
    bytes >= 1e12 ? [1e12, 'TB'] : bytes >= 1e9 ? [1e9, 'GB'] : bytes >= 1e6 ? [1e6, 'MB'] : [1e3, 'KB']
  const value = bytes / unit
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(2)} ${name}`
}
