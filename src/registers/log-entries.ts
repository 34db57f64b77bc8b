/**
 * @module
 * What an entry of the change log says. Workers of an earlier release read an entry that they do not know as a gap.
 */
import { MAX_NEWS_BYTES } from '../redis/scripts/changes.ts'

export interface Change {
  /** See `registerName`. */
  readonly name: string
  readonly version: number
}

export interface LoggedEdit extends Change {
  /** See `Edit`. */
  readonly isFirst: boolean
}

export interface LogEntries {
  readonly texts: readonly string[]
  /** Names of new links that the texts do not tell of. */
  readonly untold: ReadonlySet<string>
}

/** Stands for changes of anything. */
const ANYTHING = '*'
/** Stands for any number of links that are new: of their names, isolates can only remember that there was nothing. */
const NEW_LINKS = '+'
/** So few new links are told of by name, and leave alone what isolates remember of other codes. */
const MAX_NAMED_NEW = 10
/** The log's length times this bounds its size. A name that is longer by itself counts as too many. */
const MAX_ENTRY_BYTES = 1_600

/** Tells of edits by name in as many entries as it takes, unless no reply could carry them. */
export function logEntries(edits: readonly LoggedEdit[]): LogEntries {
  const areNewNamed = edits.filter(({ isFirst }) => isFirst).length <= MAX_NAMED_NEW
  const named = areNewNamed ? edits : edits.filter(({ isFirst }) => !isFirst)
  // Names are ASCII: codes are, and so are host names.
  const lines = named.map(({ name, version }) => `${version} ${name}`)
  const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0)
  if (bytes > MAX_NEWS_BYTES || lines.some((line) => line.length > MAX_ENTRY_BYTES)) {
    return { texts: [ANYTHING], untold: new Set() }
  }
  const untold = new Set(areNewNamed ? [] : edits.filter(({ isFirst }) => isFirst).map(({ name }) => name))
  return { texts: [...packed(lines), ...(untold.size > 0 ? [NEW_LINKS] : [])], untold }
}

function packed(lines: readonly string[]): string[] {
  const texts: string[] = []
  for (const line of lines) {
    const last = texts.at(-1)
    if (last === undefined || last.length + 1 + line.length > MAX_ENTRY_BYTES) texts.push(line)
    else texts[texts.length - 1] = `${last}\n${line}`
  }
  return texts
}

/** What an entry tells of. */
export type Told = readonly Change[] | 'new links' | 'anything'

/** What is malformed may mean anything. */
export function decodeEntry(text: string): Told {
  if (text === '') return []
  if (text === NEW_LINKS) return 'new links'
  const changes: Change[] = []
  for (const line of text.split('\n')) {
    const [, digits, name] = /^(\d+) (.+)$/.exec(line) ?? []
    const version = Number(digits)
    if (name === undefined || !Number.isSafeInteger(version)) return 'anything'
    changes.push({ name, version })
  }
  return changes
}
