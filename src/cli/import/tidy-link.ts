import { MAX_DESTINATION_LENGTH } from '../../links/destination.ts'
import { shorten } from '../terminal/shorten.ts'
import { visible, withoutControls } from '../terminal/visible.ts'
import { parseInstant } from './parse-instant.ts'
import type { RawLink } from './raw-link.ts'

/** An item of `POST /api/links/import`; what is left out takes the API's default. */
export interface ImportLink {
  readonly url: string
  readonly code?: string
  readonly domain?: string
  readonly title?: string
  readonly tags?: readonly string[]
  readonly status?: number
  readonly enabled?: boolean
  readonly forwardQuery?: boolean
  readonly expiresAt?: string
  readonly createdAt?: string
  readonly hits?: number
}

export type Tidied =
  | { readonly link: ImportLink; readonly notes: readonly string[] }
  | { readonly problem: string }

export interface TidyOptions {
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The API's bounds for what decorates a link: it is cut to them, since a link must not be lost for its title. */
const MAX_TITLE = 256
const MAX_TAG = 64
const MAX_TAGS = 50
const MAX_CODE = 128

/**
 * Refuses what no link can be made of, and keeps everything else as far as linkr has a place for it.
 * @param raw its `domain` is the namespace it goes to.
 */
export function tidyLink(raw: RawLink, { now }: TidyOptions): Tidied {
  const notes: string[] = (raw.lost ?? []).map((feature) => `imported without its ${feature}`)
  const noted = <T>(value: T, text: string): T => {
    notes.push(text)
    return value
  }
  try {
    if (raw.refused !== undefined) throw new Refused(raw.refused)
    const createdAt = text(raw.createdAt) === undefined ? undefined : parseInstant(raw.createdAt)
    const isPast = createdAt !== undefined && createdAt !== null && createdAt <= now
    if (createdAt !== undefined && !isPast)
      notes.push('creation date not understood: takes that of the import')
    const hits = hitsOf(raw.hits)
    const link = {
      url: urlOf(raw.url),
      code: codeOf(raw.code),
      domain: text(raw.domain),
      title: titleOf(raw.title, (problem) => notes.push(problem)),
      tags: tagsOf(raw.tags, (problem) => notes.push(problem)),
      status: statusOf(raw.status),
      enabled: booleanOf(raw.enabled, 'enabled'),
      forwardQuery: booleanOf(raw.forwardQuery, 'forwardQuery'),
      expiresAt: expiryOf(raw.expiresAt),
      createdAt: isPast ? new Date(createdAt).toISOString() : undefined,
      hits: hits === null ? noted(undefined, 'click total not understood: starts at 0') : hits,
    }
    // Each at most once: the report counts links.
    return { link: withoutUndefined(link), notes: notes.length > 1 ? [...new Set(notes)] : notes }
  } catch (error) {
    if (error instanceof Refused) return { problem: error.message }
    throw error
  }
}

class Refused extends Error {
  override readonly name = 'Refused'
}

/** `undefined` = nothing there. Numbers count: a spreadsheet makes them of codes such as 2024. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value !== 'string' || value === '') return undefined
  return value
}

function urlOf(value: unknown): string {
  const url = text(value)?.trim()
  if (url === undefined || url === '') throw new Refused('has no destination URL')
  if (url.length > MAX_DESTINATION_LENGTH) {
    throw new Refused(`url has ${url.length} characters, at most ${MAX_DESTINATION_LENGTH} are possible`)
  }
  if (isGarbled(url)) throw new Refused('url is not valid UTF-8; save the file as UTF-8')
  return url
}

function codeOf(value: unknown): string | undefined {
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

function titleOf(value: unknown, onProblem: (problem: string) => void): string | undefined {
  if (value === undefined || value === null) return undefined
  const given = text(value) ?? ''
  const title = withoutControls(given).trim()
  if (title !== given) onProblem('title without its outer blanks or control characters')
  return cut(title, MAX_TITLE, () => onProblem(`title cut to ${MAX_TITLE} characters`))
}

function tagsOf(value: unknown, onProblem: (problem: string) => void): string[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw new Refused('tags must be a list')
  const tags = value.map((tag) => {
    const given = text(tag) ?? ''
    const tidy = withoutControls(given).trim()
    if (tidy !== given) onProblem('tag without its outer blanks or control characters')
    return cut(tidy, MAX_TAG, () => onProblem(`tag cut to ${MAX_TAG} characters`))
  })
  const unique = [...new Set(tags.filter((tag) => tag !== ''))]
  if (unique.length > MAX_TAGS) onProblem(`only the first ${MAX_TAGS} tags kept`)
  return unique.slice(0, MAX_TAGS)
}

/** Never between the halves of a surrogate pair. */
function cut(value: string, length: number, onCut: () => void): string {
  const sound = value.toWellFormed()
  if (sound.length <= length) return sound
  onCut()
  return sound.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')
}

function statusOf(value: unknown): number | undefined {
  const status = text(value)
  if (status === undefined) return undefined
  if (!/^3\d\d$/.test(status.trim()))
    throw new Refused(`status must be 301, 302, 307 or 308, not "${brief(status)}"`)
  return Number(status)
}

function booleanOf(value: unknown, name: string): boolean | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'boolean') return value
  const word = String(value).trim().toLowerCase()
  if (['true', '1', 'yes'].includes(word)) return true
  if (['false', '0', 'no'].includes(word)) return false
  throw new Refused(`${name} must be true or false, not "${brief(word)}"`)
}

/** A link that was meant to end must not live for ever because its end could not be read. */
function expiryOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const expiry = parseInstant(value)
  if (expiry === null) throw new Refused(`expiry "${brief(String(value))}" is not a date`)
  return new Date(expiry).toISOString()
}

/** `null` = not understood. `1,234` is what spreadsheets make of 1234. */
function hitsOf(value: unknown): number | null | undefined {
  const hits = text(value)
  if (hits === undefined) return undefined
  const digits = /^\d{1,3}(?:,\d{3})+$/.test(hits) ? hits.replaceAll(',', '') : hits.trim()
  return /^\d{1,15}(?:\.0+)?$/.test(digits) ? Number(digits) : null
}

function brief(value: string): string {
  return shorten(visible(value), 40)
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function withoutUndefined<T extends { readonly url: string }>(fields: T): Defined<T> & { url: string } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Defined<T> & { url: string }
}
