import type { RedirectResult } from './redirects.ts'
import type { Pair } from './rounds.ts'
import { median, type Spread, spread } from './statistics.ts'

/** One subject over all rounds. */
export interface Summary {
  readonly name: string
  readonly requestsPerSecond: number
  /** Of the bare Worker, pair by pair. */
  readonly throughputRatio: Spread
  /** Of the bare Worker that shares its response, round by round; `null` = not measured beside it. */
  readonly sharedThroughputRatio: Spread | null
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuUs: number | null
  readonly cpuRatio: Spread | null
  readonly sharedCpuRatio: Spread | null
  /** How much of its core the server used; the load generator was the limit where it is below 0.9. */
  readonly busy: number | null
  readonly bareCpuUs: number | null
  readonly bareRequestsPerSecond: number
  readonly bareP50Ms: number
}

export function summarize(name: string, pairs: readonly Pair[]): Summary {
  const of = (pick: (pair: Pair) => number | null): number[] => pairs.flatMap((pair) => pick(pair) ?? [])
  const orNull = (values: readonly number[]): number | null => (values.length === 0 ? null : median(values))
  const spreadOrNull = (values: readonly number[]): Spread | null =>
    values.length === 0 ? null : spread(values)
  return {
    name,
    requestsPerSecond: median(of(({ subject }) => subject.requestsPerSecond)),
    throughputRatio: spread(of(({ subject, bare }) => subject.requestsPerSecond / bare.requestsPerSecond)),
    sharedThroughputRatio: spreadOrNull(
      of(({ subject, shared }) => shared && subject.requestsPerSecond / shared.requestsPerSecond),
    ),
    p50Ms: median(of(({ subject }) => subject.p50Ms)),
    p99Ms: median(of(({ subject }) => subject.p99Ms)),
    cpuUs: orNull(of(({ subject }) => subject.cpuUs)),
    cpuRatio: spreadOrNull(of(({ subject, bare }) => quotient(subject.cpuUs, bare.cpuUs))),
    sharedCpuRatio: spreadOrNull(
      of(({ subject, shared }) => shared && quotient(subject.cpuUs, shared.cpuUs)),
    ),
    busy: orNull(of(({ subject }) => subject.busy)),
    bareCpuUs: orNull(of(({ bare }) => bare.cpuUs)),
    bareRequestsPerSecond: median(of(({ bare }) => bare.requestsPerSecond)),
    bareP50Ms: median(of(({ bare }) => bare.p50Ms)),
  }
}

const quotient = (part: number | null, whole: number | null): number | null =>
  part === null || whole === null ? null : part / whole

const TITLES: Readonly<Record<string, string>> = {
  shared: 'bare, shared Response',
  hono: 'a Hono route',
  hot: 'hot: in memory, hit counted',
  head: 'HEAD',
  absent: 'absent code, in memory',
  warm: 'warm: in Redis',
  cold: 'cold: in Postgres only',
}
export const titleOf = (name: string): string => TITLES[name] ?? name

interface Counted {
  readonly summaries: readonly Summary[]
  /** None for a subject that was not counted. */
  readonly counts: Partial<RedirectResult['counts']>
}

/** Markdown, for the terminal and for docs/speed-and-cost.md. */
export function redirectTable({ summaries, counts }: Counted): string {
  const first = summaries[0]
  const rows = summaries.map((summary) => {
    const key = summary.name === 'absent' ? 'absent again' : summary.name
    const asked = counts[key as keyof typeof counts]
    return row([
      titleOf(summary.name),
      whole(summary.requestsPerSecond),
      summary.p50Ms.toFixed(2),
      summary.cpuUs === null ? '-' : summary.cpuUs.toFixed(0),
      ratio(summary.throughputRatio),
      ratio(summary.cpuRatio),
      ratio(summary.sharedThroughputRatio),
      ratio(summary.sharedCpuRatio),
      asked === undefined ? '-' : `${asked.before.redis} + ${asked.before.postgres}`,
      asked === undefined ? '-' : `${asked.redisRequests} (${asked.redisCommands ?? '?'})`,
      asked === undefined ? '-' : String(asked.sqlStatements),
    ])
  })
  return [
    row([
      '',
      'requests/s',
      'p50 ms',
      'CPU µs',
      'throughput, of bare',
      'CPU, of bare',
      'throughput, of shared',
      'CPU, of shared',
      'waits for Redis + Postgres',
      'Redis requests (commands)',
      'SQL',
    ]),
    row(['---', ...Array.from({ length: 10 }, () => '---:')]),
    row([
      'bare Worker',
      whole(first?.bareRequestsPerSecond ?? 0),
      first?.bareP50Ms.toFixed(2) ?? '-',
      first?.bareCpuUs?.toFixed(0) ?? '-',
      '1',
      '1',
      '-',
      '-',
      '-',
      '-',
      '-',
    ]),
    ...rows,
  ].join('\n')
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const ratio = (of: Spread | null): string =>
  of === null ? '-' : `${of.median.toFixed(2)} (${of.low.toFixed(2)}-${of.high.toFixed(2)})`
