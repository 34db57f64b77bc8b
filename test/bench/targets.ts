import type { FlushResult } from './flush.ts'
import type { RedirectResult } from './redirects.ts'
import type { SizeResult } from './size.ts'

export interface Target {
  readonly promise: string
  readonly measured: string
  readonly isMet: boolean
}

const MIB = 1024 * 1024
/** By redirects per second in one isolate. */
const COMMANDS_PER_REDIRECT = [
  [1, 1.3],
  [10, 0.3],
  [100, 0.05],
] as const

/** What linkr promises of its speed and cost, beside what was measured. */
export function targets(redirect: RedirectResult, flush: FlushResult, size: SizeResult): readonly Target[] {
  return [...speedTargets(redirect), ...flushTargets(flush), ...sizeTargets(size), memoryTarget(redirect)]
}

function speedTargets({ summaries, counts, steady, delays }: RedirectResult): Target[] {
  const hot = summaries.find(({ name }) => name === 'hot')
  const throughput = hot?.throughputRatio.median ?? Number.NaN
  const shared = hot?.sharedThroughputRatio?.median ?? Number.NaN
  const cpu = hot?.cpuRatio?.median ?? Number.NaN
  const at100 = steady[100]
  const per = (count: number | null | undefined): number => (count ?? Number.NaN) / (at100?.redirects ?? 1)
  const waits = ({ redis, postgres }: { readonly redis: number; readonly postgres: number }) =>
    `${redis} Redis + ${postgres} Postgres`
  const { hot: hotCounts, warm, cold } = counts
  const { redisMs, postgresMs, without, with: delayed } = delays
  const added = (name: 'hot' | 'warm' | 'cold'): number => delayed[name] - without[name]
  const isNear = (ms: number, expected: number): boolean => Math.abs(ms - expected) <= 0.15 * expected + 3
  return [
    target(
      'hot redirect, hit counted: >= 0.85 of a bare Worker’s throughput',
      throughput.toFixed(2),
      throughput >= 0.85,
    ),
    target(
      'hot redirect, hit counted: >= 0.95 of a bare Worker that shares its Response',
      shared.toFixed(2),
      shared >= 0.95,
    ),
    target('hot redirect, its visit described: <= 1.3 times a bare Worker’s CPU', cpu.toFixed(2), cpu <= 1.3),
    target(
      'hot redirect waits for nothing',
      waits(hotCounts.before),
      waits(hotCounts.before) === '0 Redis + 0 Postgres',
    ),
    target(
      'warm redirect waits for one Redis round trip',
      waits(warm.before),
      waits(warm.before) === '1 Redis + 0 Postgres',
    ),
    target(
      'cold redirect waits for a read, a lease and Postgres',
      waits(cold.before),
      waits(cold.before) === '2 Redis + 1 Postgres',
    ),
    target(
      'absent code, second time: no Postgres',
      String(counts['absent again'].sqlStatements),
      counts['absent again'].sqlStatements === 0,
    ),
    target(
      'at 100/s: <= 0.1 HTTP requests to Redis per redirect',
      per(at100?.redisRequests).toFixed(3),
      per(at100?.redisRequests) <= 0.1,
    ),
    ...COMMANDS_PER_REDIRECT.map(([rate, most]) => {
      const { redisCommands, redirects = 1 } = steady[rate] ?? {}
      const each = (redisCommands ?? Number.NaN) / redirects
      return target(
        `at ${rate}/s, one link: <= ${most} Redis commands per redirect`,
        each.toFixed(3),
        each <= most,
      )
    }),
    target(
      'a lone redirect: <= 5 Redis commands, its read and its commit',
      String(warm.redisCommands),
      (warm.redisCommands ?? Number.NaN) <= 5,
    ),
    target(
      `with ${redisMs} ms at Redis and ${postgresMs} ms at Postgres: hot unchanged, warm one delay, cold two and one`,
      `+${added('hot').toFixed(1)}, +${added('warm').toFixed(1)}, +${added('cold').toFixed(1)} ms`,
      Math.abs(added('hot')) < 1 &&
        isNear(added('warm'), redisMs) &&
        isNear(added('cold'), 2 * redisMs + postgresMs),
    ),
  ]
}

function flushTargets({ empty, dirty }: FlushResult): Target[] {
  const count = (value: number): string => value.toLocaleString('en-US')
  const byLinks = (links: number) => dirty.find((flush) => flush.links === links)
  const [large, largest] = [byLinks(100_000), byLinks(1_000_000)]
  return [
    target(
      'flush: <= 1 SQL statement per 10,000 links with hits, plus 2',
      dirty.map(({ links, sqlStatements }) => `${count(links)}: ${sqlStatements}`).join(', '),
      dirty.every(({ links, sqlStatements }) => sqlStatements <= Math.ceil(links / 10_000) + 2),
    ),
    target(
      'flush of 100,000 links: < 64 MB of heap',
      `${mib(large?.heapPeak)} MiB`,
      (large?.heapPeak ?? Number.NaN) < 64 * MIB,
    ),
    target(
      'flush of 1,000,000 links: within 128 MB and 30 s of CPU',
      `${mib(largest?.heapPeak)} MiB, ${largest?.cpuSeconds?.toFixed(1) ?? '-'} s`,
      (largest?.heapPeak ?? Number.NaN) < 128 * MIB && (largest?.cpuSeconds ?? Number.NaN) < 30,
    ),
    target(
      'empty flush: 1 Redis request, 0 Postgres',
      `${empty.redisRequests}, ${empty.sqlStatements}`,
      empty.redisRequests === 1 && empty.sqlStatements === 0,
    ),
  ]
}

function sizeTargets({ gzipBytes, firstRedirectMs: { ratio, bare, linkr, load } }: SizeResult): Target[] {
  const kib = gzipBytes / 1024
  return [
    target('bundle: <= 200 KiB gzip, API included', `${kib.toFixed(1)} KiB`, kib <= 200),
    target(
      'first redirect of a new process: <= 1.75 times as late as a bare Worker’s',
      `${ratio.median.toFixed(2)} (${linkr.median.toFixed(0)} and ${bare.median.toFixed(0)} ms, load average ${load.median.toFixed(1)})`,
      ratio.median <= 1.75,
    ),
  ]
}

function memoryTarget({ memory: { distinctCodes, heapEarly, heapEnd } }: RedirectResult): Target {
  return target(
    `${distinctCodes.toLocaleString('en-US')} distinct codes through one isolate stay within the cache’s bound`,
    `${mib(heapEarly)} MiB with the cache full, ${mib(heapEnd)} MiB at the end`,
    heapEnd < 64 * MIB && heapEnd < 1.5 * heapEarly,
  )
}

const target = (promise: string, measured: string, isMet: boolean): Target => ({ promise, measured, isMet })
const mib = (bytes: number | undefined): string => ((bytes ?? Number.NaN) / MIB).toFixed(1)
