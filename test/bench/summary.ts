import type { RedirectResult } from './redirects.ts'
import type { Pair } from './rounds.ts'
import { median, type Spread, spread } from './statistics.ts'

/** One subject over all rounds. */
export interface Summary {
  readonly name: string
  readonly requestsPerSecond: number
  /** Of the bare Worker, pair by pair. */
  readonly throughputRatio: Spread
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuUs: number | null
  readonly cpuRatio: Spread | null
  /** How much of its core the server used; the load generator was the limit where it is below 0.9. */
  readonly busy: number | null
  readonly bareCpuUs: number | null
  readonly bareRequestsPerSecond: number
  readonly bareP50Ms: number
}

export function summarize(name: string, pairs: readonly Pair[]): Summary {
  const of = (pick: (pair: Pair) => number | null): number[] => pairs.flatMap((pair) => pick(pair) ?? [])
  const ratios = of(({ subject, bare }) =>
    subject.cpuUs === null || bare.cpuUs === null ? null : subject.cpuUs / bare.cpuUs,
  )
  const orNull = (values: readonly number[]): number | null => (values.length === 0 ? null : median(values))
  return {
    name,
    requestsPerSecond: median(of(({ subject }) => subject.requestsPerSecond)),
    throughputRatio: spread(of(({ subject, bare }) => subject.requestsPerSecond / bare.requestsPerSecond)),
    p50Ms: median(of(({ subject }) => subject.p50Ms)),
    p99Ms: median(of(({ subject }) => subject.p99Ms)),
    cpuUs: orNull(of(({ subject }) => subject.cpuUs)),
    cpuRatio: ratios.length === 0 ? null : spread(ratios),
    busy: orNull(of(({ subject }) => subject.busy)),
    bareCpuUs: orNull(of(({ bare }) => bare.cpuUs)),
    bareRequestsPerSecond: median(of(({ bare }) => bare.requestsPerSecond)),
    bareP50Ms: median(of(({ bare }) => bare.p50Ms)),
  }
}

const TITLES: Readonly<Record<string, string>> = {
  hono: 'a Hono route',
  hot: 'hot: in memory, hit counted',
  head: 'HEAD',
  absent: 'absent code, in memory',
  warm: 'warm: in Redis',
  cold: 'cold: in Postgres only',
}
export const titleOf = (name: string): string => TITLES[name] ?? name

/** Markdown, for the terminal and for docs/speed-and-cost.md. */
export function redirectTable({ summaries, counts }: RedirectResult): string {
  const first = summaries[0]
  const rows = summaries.map((summary) => {
    const key = summary.name === 'absent' ? 'absent again' : summary.name
    const asked = key === 'hono' ? undefined : counts[key as keyof typeof counts]
    return row([
      titleOf(summary.name),
      whole(summary.requestsPerSecond),
      summary.p50Ms.toFixed(2),
      summary.cpuUs === null ? '-' : summary.cpuUs.toFixed(0),
      ratio(summary.throughputRatio),
      summary.cpuRatio === null ? '-' : ratio(summary.cpuRatio),
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
      'waits for Redis + Postgres',
      'Redis requests (commands)',
      'SQL',
    ]),
    row(['---', ...Array.from({ length: 8 }, () => '---:')]),
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
    ]),
    ...rows,
  ].join('\n')
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const ratio = ({ median, low, high }: Spread): string =>
  `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`
