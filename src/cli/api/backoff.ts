const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 30_000
/** linkr's own limits are by the minute. */
const LONGEST_OBEYED_MS = 120_000

/**
 * How long to wait before attempt `attempt` + 1: doubling, with full jitter, so that clients that failed together do
 * not return together. A server's Retry-After (seconds or a date) is obeyed, within reason.
 */
export function backoffMs(attempt: number, retryAfter: string | null, random: number, now: number): number {
  const wished = retryAfterMs(retryAfter, now)
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt)
  const drawn = ceiling / 2 + (ceiling / 2) * random
  return wished === null ? drawn : Math.min(LONGEST_OBEYED_MS, wished + drawn / 4)
}

function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null || header === '') return null
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
