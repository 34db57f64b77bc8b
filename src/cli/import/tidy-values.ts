/**
 * @module
 * What an import makes of the value of a field, whatever its export has: what the API takes, or a reason to refuse the row.
 */
import { MAX_CODE_LENGTH } from '../../links/code.ts'
import { MAX_DESTINATION_LENGTH } from '../../links/destination.ts'
import { shorten } from '../terminal/shorten.ts'
import { visible, withoutControls } from '../terminal/visible.ts'
import { parseInstant } from './parse-instant.ts'

export interface TidyContext {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Tells what of the link changes on the way here. */
  readonly note: (text: string) => void
}

/** `undefined` = nothing there: the API's default. Throws `Refused` for what no link can be made of. */
export type Tidy = (value: unknown, context: TidyContext) => unknown

/** The API's bounds for what decorates a link: it is cut to them, since a link must not be lost for its title. */
const MAX_TITLE = 256
const MAX_TAG = 64
const MAX_TAGS = 50

/** A row that no link can be made of; its message says why. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** `undefined` = nothing there. Numbers count: a spreadsheet makes them of codes such as 2024. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function urlOf(value: unknown): string {
  const url = wholeText('url', value, MAX_DESTINATION_LENGTH)
  if (url === undefined) throw new Refused('has no destination URL')
  return url
}

export function codeOf(value: unknown): string | undefined {
  return wholeText('code', value, MAX_CODE_LENGTH)
}

/** What must not be cut. A decoder's mark for bytes that are no UTF-8 spoils it, and so does half a surrogate pair. */
function wholeText(field: string, value: unknown, max: number): string | undefined {
  const text = textOf(value)?.trim() || undefined
  if (text === undefined) return undefined
  if (text.length > max) {
    throw new Refused(`${field} has ${text.length} characters, at most ${max} are possible`)
  }
  if (text.includes('\uFFFD') || !text.isWellFormed()) {
    throw new Refused(`${field} is not valid UTF-8; save the file as UTF-8`)
  }
  return text
}

export function titleOf(value: unknown, { note }: TidyContext): string | undefined {
  return isAbsent(value) ? undefined : tidyText('title', value, MAX_TITLE, note)
}

export function tagsOf(value: unknown, { note }: TidyContext): string[] | undefined {
  if (isAbsent(value)) return undefined
  if (!Array.isArray(value)) throw new Refused('tags must be a list')
  const tags = new Set(value.map((tag) => tidyText('tag', tag, MAX_TAG, note)))
  tags.delete('')
  if (tags.size > MAX_TAGS) note(`only the first ${MAX_TAGS} tags kept`)
  return [...tags].slice(0, MAX_TAGS)
}

/** Never cut between the halves of a surrogate pair. */
function tidyText(field: string, value: unknown, max: number, note: TidyContext['note']): string {
  const given = textOf(value) ?? ''
  const text = withoutControls(given).trim()
  if (text !== given) note(`${field} without its outer blanks or control characters`)
  const sound = text.toWellFormed()
  if (sound.length <= max) return sound
  note(`${field} cut to ${max} characters`)
  return sound.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

export function statusOf(value: unknown): number | undefined {
  const status = textOf(value)
  if (status === undefined) return undefined
  if (!/^3\d\d$/.test(status.trim()))
    throw new Refused(`status must be 301, 302, 307 or 308, not "${brief(status)}"`)
  return Number(status)
}

/** @param name of the field, for the problem. */
export function flagOf(name: string): (value: unknown) => boolean | undefined {
  return (value) => {
    if (isAbsent(value) || value === '') return undefined
    if (typeof value === 'boolean') return value
    const word = String(value).trim().toLowerCase()
    if (['true', '1', 'yes'].includes(word)) return true
    if (['false', '0', 'no'].includes(word)) return false
    throw new Refused(`${name} must be true or false, not "${brief(word)}"`)
  }
}

/** A link that was meant to end must not live for ever because its end could not be read. */
export function expiryOf(value: unknown): string | undefined {
  if (isAbsent(value) || value === '') return undefined
  const expiry = parseInstant(value)
  if (expiry === null) throw new Refused(`expiry "${brief(String(value))}" is not a date`)
  return new Date(expiry).toISOString()
}

export function creationOf(value: unknown, { now, note }: TidyContext): string | undefined {
  if (textOf(value) === undefined) return undefined
  const instant = parseInstant(value)
  if (instant !== null && instant <= now) return new Date(instant).toISOString()
  note('creation date not understood: takes that of the import')
  return undefined
}

/** `1,234` is what spreadsheets make of 1234. */
export function hitsOf(value: unknown, { note }: TidyContext): number | undefined {
  const hits = textOf(value)
  if (hits === undefined) return undefined
  const digits = /^\d{1,3}(?:,\d{3})+$/.test(hits) ? hits.replaceAll(',', '') : hits.trim()
  if (/^\d{1,15}(?:\.0+)?$/.test(digits)) return Number(digits)
  note('click total not understood: starts at 0')
  return undefined
}

function brief(value: string): string {
  return shorten(visible(value), 40)
}
