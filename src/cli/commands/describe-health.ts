import type { HealthResponse } from '../api/responses.ts'

type StoreHealth = HealthResponse['redis']

/** A health report in words. What a newer server adds to it is shown as it comes. */
export function describeHealth(report: HealthResponse): readonly (readonly [string, string])[] {
  const { status, redis, postgres, syncLagMs, outbox, hits, advice, ...more } = report
  const { waitingLinks, droppedHits } = hits.isolate
  const waiting = waitingLinks === 0 ? 'none' : `of ${waitingLinks} links`
  const lost = droppedHits === 0 ? '' : `, ${droppedHits} were lost`
  return [
    ['status', status],
    ['Redis', describeStore(redis)],
    ['Postgres', describeStore(postgres)],
    ['edits that Redis waits for', queue(outbox && { count: outbox.depth, ...outbox }, 'Postgres')],
    [
      'hits that Postgres waits for',
      queue(hits.redis && { count: hits.redis.pending, ...hits.redis }, 'Redis'),
    ],
    ['hits in the memory of the isolate that answered', waiting + lost],
    [
      'links in its memory',
      syncLagMs === null ? 'not in use: it asks Redis first' : `as of ${age(syncLagMs)} ago`,
    ],
    ...advice.map((text) => ['advice', text] as const),
    ...Object.entries(more).map(([name, value]) => [name, JSON.stringify(value)] as const),
  ]
}

function describeStore({ state, latencyMs, breaker }: StoreHealth): string {
  const answered = latencyMs === null ? 'no answer' : `answered in ${Math.round(latencyMs)} ms`
  return `${state}, ${answered}${breaker === 'closed' ? '' : `; its breaker is ${breaker}`}`
}

function queue(waiting: { count: number; oldestAgeMs: number | null } | null, keeper: string): string {
  if (waiting === null) return `unknown: ${keeper} did not tell`
  const { count, oldestAgeMs } = waiting
  return `${count || 'none'}${oldestAgeMs === null ? '' : `, the oldest for ${age(oldestAgeMs)}`}`
}

function age(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
