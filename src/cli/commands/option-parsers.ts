import { InvalidArgumentError } from 'commander'
import { parseHost } from '../../links/host.ts'
import { parseInstant } from '../import/parse-instant.ts'

/** For options that may be repeated; one that is not given stays `undefined`, unless it has a default. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}

/** As linkr compares them, or `*` for the default domain. */
export function hostName(text: string): string {
  const host = text === '*' ? text : parseHost(text)
  if (host !== null) return host
  throw new InvalidArgumentError('It must be a host name like go.example.com, without https:// and port.')
}

/** ISO 8601 in UTC, as the API wants it, or `never`: the argument parser has no place for a `null`. */
export function dateOrNever(text: string): string {
  if (text === 'never') return text
  const instant = parseInstant(text)
  if (instant === null) throw new InvalidArgumentError('It must be like 2030-01-31T12:00:00Z, or "never".')
  return new Date(instant).toISOString()
}

export function trueOrFalse(text: string): boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  throw new InvalidArgumentError('It must be true or false.')
}
