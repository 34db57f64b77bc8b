/**
 * @module
 * What an import makes of the value of a field, whatever its export has: what the API takes, or a reason to refuse the row.
 */
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
const MAX_CODE = 128

/** A row that no link can be made of; its message says why. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** `undefined` = nothing there. Numbers count: a spreadsheet makes them of codes such as 2024. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value !== 'string' || value === '') return undefined
  return value
}

export function domainOf(value: unknown): string | undefined {
  return text(value)
}

export function urlOf(value: unknown): string {
  const url = text(value)?.trim()
  if (url === undefined || url === '') throw new Refused('has no destination URL')
  if (url.length > MAX_DESTINATION_LENGTH) {
    throw new Refused(`url has ${url.length} characters, at most ${MAX_DESTINATION_LENGTH} are possible`)
  }
  if (isGarbled(url)) throw new Refused('url is not valid UTF-8; save the file as UTF-8')
  return url
}

export function codeOf(value: unknown): string | undefined {
  const code = text(value)?.trim()
  if (code === undefined || code === '') return undefined
  if (code.length > MAX_CODE)
    throw new Refused(`code has ${code.length} characters, at most ${MAX_CODE} are possible`)
  if (isGarbled(code)) throw new Refused('code is not valid UTF-8; save the file as UTF-8')
  return code
}

/** A decoder's mark for bytes that are no UTF-8, or half a surrogate pair. */
function isGarbled(value: string): boolean {
  return value.includes('\uFFFD') || !value.isWellFormed()
}

export function titleOf(value: unknown, { note }: TidyContext): string | undefined {
  if (value === undefined || value === null) return undefined
  const given = text(value) ?? ''
  const title = withoutControls(given).trim()
  if (title !== given) note('title without its outer blanks or control characters')
  return cut(title, MAX_TITLE, () => note(`title cut to ${MAX_TITLE} characters`))
}

export function tagsOf(value: unknown, { note }: TidyContext): string[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw new Refused('tags must be a list')
  const tags = value.map((tag) => {
    const given = text(tag) ?? ''
    const tidy = withoutControls(given).trim()
    if (tidy !== given) note('tag without its outer blanks or control characters')
    return cut(tidy, MAX_TAG, () => note(`tag cut to ${MAX_TAG} characters`))
  })
  const unique = [...new Set(tags.filter((tag) => tag !== ''))]
  if (unique.length > MAX_TAGS) note(`only the first ${MAX_TAGS} tags kept`)
  return unique.slice(0, MAX_TAGS)
}

/** Never between the halves of a surrogate pair. */
function cut(value: string, length: number, onCut: () => void): string {
  const sound = value.toWellFormed()
  if (sound.length <= length) return sound
  onCut()
  return sound.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')
}

export function statusOf(value: unknown): number | undefined {
  const status = text(value)
  if (status === undefined) return undefined
  if (!/^3\d\d$/.test(status.trim()))
    throw new Refused(`status must be 301, 302, 307 or 308, not "${brief(status)}"`)
  return Number(status)
}

/** @param name of the field, for the problem. */
export function flagOf(name: string): (value: unknown) => boolean | undefined {
  return (value) => {
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value === 'boolean') return value
    const word = String(value).trim().toLowerCase()
    if (['true', '1', 'yes'].includes(word)) return true
    if (['false', '0', 'no'].includes(word)) return false
    throw new Refused(`${name} must be true or false, not "${brief(word)}"`)
  }
}

/** A link that was meant to end must not live for ever because its end could not be read. */
export function expiryOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const expiry = parseInstant(value)
  if (expiry === null) throw new Refused(`expiry "${brief(String(value))}" is not a date`)
  return new Date(expiry).toISOString()
}

export function creationOf(value: unknown, { now, note }: TidyContext): string | undefined {
  if (text(value) === undefined) return undefined
  const instant = parseInstant(value)
  if (instant !== null && instant <= now) return new Date(instant).toISOString()
  note('creation date not understood: takes that of the import')
  return undefined
}

/** `1,234` is what spreadsheets make of 1234. */
export function hitsOf(value: unknown, { note }: TidyContext): number | undefined {
  const hits = text(value)
  if (hits === undefined) return undefined
  const digits = /^\d{1,3}(?:,\d{3})+$/.test(hits) ? hits.replaceAll(',', '') : hits.trim()
  if (/^\d{1,15}(?:\.0+)?$/.test(digits)) return Number(digits)
  note('click total not understood: starts at 0')
  return undefined
}

function brief(value: string): string {
  return shorten(visible(value), 40)
}
