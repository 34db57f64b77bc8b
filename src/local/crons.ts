import { Cron } from 'croner'
import { unstable_readConfig } from 'wrangler'

/** The cron triggers of the deployed Worker: `wrangler.toml` is the one place that has them. */
export function readCrons(wranglerToml: string): readonly string[] {
  return unstable_readConfig({ config: wranglerToml }).triggers.crons ?? []
}

/**
 * Calls `fire` with a pattern at each of its times, as Cloudflare would: in UTC, five fields, Sunday is 1.
 *
 * @returns the stop.
 * @throws an error that names the pattern that is malformed.
 */
export function scheduleCrons(patterns: readonly string[], fire: (pattern: string) => void): () => void {
  const jobs = patterns.map((pattern) => parse(pattern))
  for (const job of jobs) job.schedule(() => fire(job.getPattern() ?? ''))
  return () => {
    for (const job of jobs) job.stop()
  }
}

/** The next times at which a pattern fires. */
export function nextRuns(pattern: string, count: number, after: Date): readonly Date[] {
  return parse(pattern).nextRuns(count, after)
}

function parse(pattern: string): Cron {
  try {
    return new Cron(pattern, { mode: '5-part', timezone: 'UTC', alternativeWeekdays: true, unref: true })
  } catch (error) {
    throw new Error(`The cron trigger "${pattern}" in wrangler.toml is malformed`, { cause: error })
  }
}
