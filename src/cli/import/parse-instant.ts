const INSTANT =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?)? ?(?:(Z|UTC|GMT)|([+-]\d\d):?(\d\d))?$/i

/** Unix seconds stay below this until the year 5138; milliseconds passed it in 1973. */
const FIRST_PLAUSIBLE_MS = 1e11

/**
 * Milliseconds since the epoch of what exports call a date: ISO 8601, MySQL's `2023-01-31 10:00:00`, Bitly's offset
 * without a colon, Unix seconds or milliseconds. Without an offset it is UTC. `null` = no date, or no day that exists.
 */
export function parseInstant(value: unknown): number | null {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{9,13}$/.test(value))) {
    const number = Number(value)
    if (!Number.isFinite(number) || number <= 0 || number > 8.64e15) return null
    return Math.round(number < FIRST_PLAUSIBLE_MS ? number * 1000 : number)
  }
  if (typeof value !== 'string') return null
  const [, day = '', time = '00:00', seconds = ':00', fraction = '', , hours, minutes] =
    INSTANT.exec(value.trim()) ?? []
  const offset = hours === undefined ? 'Z' : `${hours}:${minutes}`
  const instant = Date.parse(`${day}T${time}${seconds}${fraction.slice(0, 4)}${offset}`)
  if (Number.isNaN(instant)) return null
  // `Date` would take 30 February for 2 March.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? instant : null
}
