import { visible } from './visible.ts'

export type TimePrecision = 'day' | 'minute' | 'second'

const LENGTHS = { day: '2030-01-31', minute: '2030-01-31 12:00', second: '2030-01-31 12:00:00' } as const

/** An instant as the clocks of a timezone show it. What is no instant is made visible; for an unknown timezone it is UTC. */
export function localTimes(timezone: string, precision: TimePrecision): (instant: string | number) => string {
  // Swedes write ISO 8601.
  const format = openFormat(timezone)
  return (instant) => {
    const date = new Date(instant)
    if (Number.isNaN(date.getTime())) return visible(String(instant))
    return format.format(date).slice(0, LENGTHS[precision].length)
  }
}

function openFormat(timeZone: string): Intl.DateTimeFormat {
  const options = { dateStyle: 'short', timeStyle: 'medium' } as const
  try {
    return new Intl.DateTimeFormat('sv', { ...options, timeZone })
  } catch {
    return new Intl.DateTimeFormat('sv', { ...options, timeZone: 'UTC' })
  }
}
