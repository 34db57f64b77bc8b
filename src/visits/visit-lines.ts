/**
 * @module
 * The text that a batch of hits carries about its visits, and a segment gathers: a line for all visits to a link that are
 * alike within a quarter of an hour, `link id, quarter, 'b' of bots, value of each dimension, hits, entries` with tabs
 * between them. An entry is a visit's second within the quarter and its visitor's number in hex (`12:00c0ffee`, or `12`).
 * Misses have lines of their own: `!, day, domain, code, misses`.
 *
 * Counters are the truth, and lines are what is known of them: Postgres fits them to the counters.
 */
import {
  DAY_S,
  DIMENSION_NAMES,
  FOLDED,
  MAX_VALUE_LENGTH,
  type Miss,
  QUARTER_S,
  type Visit,
} from './visit.ts'

/** What one commit may carry, in characters. */
export const MAX_BATCH_CHARACTERS = 64 * 1024
/** Codes that do not exist; further ones of a domain and day are summed in `FOLDED`. */
const MAX_MISSED_CODES = 200

interface Line {
  hits: number
  readonly entries: string[]
}

export interface VisitLines {
  add(visit: Visit): void
  addMiss(miss: Miss): void
  /** Takes in what another one has gathered. */
  merge(other: Pick<VisitLines, 'lines' | 'misses'>): void
  /** Whether there is nothing. */
  readonly isEmpty: () => boolean
  /** Each line ends in a line break. Beyond the bound the rarest values are folded, then the entries left out. */
  encode(maxCharacters?: number): string
  readonly lines: ReadonlyMap<string, Line>
  readonly misses: ReadonlyMap<string, number>
}

export function createVisitLines(): VisitLines {
  const lines = new Map<string, Line>()
  const misses = new Map<string, number>()

  function addMisses(name: string, count: number): void {
    const known = misses.get(name)
    const folded = known === undefined && misses.size >= MAX_MISSED_CODES ? foldedMiss(name) : name
    misses.set(folded, (misses.get(folded) ?? 0) + count)
  }

  return {
    lines,
    misses,
    isEmpty: () => lines.size === 0 && misses.size === 0,
    add({ linkId, at, isBot, visitor, values }) {
      const second = secondOf(at)
      const entry = visitor === null ? second : `${second}:${visitor.toString(16).padStart(8, '0')}`
      addLine(lines, lineName({ linkId, at, isBot, values }), { hits: 1, entries: [entry] })
    },
    addMiss: ({ domain, code, at }) =>
      addMisses([MISS_MARK, Math.floor(at / DAY_S), domain, code].join('\t'), 1),
    merge(other) {
      for (const [name, line] of other.lines) addLine(lines, name, line)
      for (const [name, count] of other.misses) addMisses(name, count)
    },
    encode(maxCharacters = MAX_BATCH_CHARACTERS) {
      const missed = [...misses].map(([name, count]) => `${name}\t${count}\n`).join('')
      const room = maxCharacters - missed.length
      for (const folded of foldings(lines)) {
        const text = encodeLines(folded)
        if (text.length <= room) return text + missed
      }
      // Not even one line a link fits: Postgres counts the hits without it as visits of which nothing is known.
      return missed
    },
  }
}

/** What a line begins with: all that alike visits have in common. */
export function lineName({ linkId, at, isBot, values }: Omit<Visit, 'visitor'>): string {
  const quarter = Math.floor(at / QUARTER_S)
  return [linkId, quarter, isBot ? 'b' : '', ...DIMENSION_NAMES.map((name) => values[name])].join('\t')
}

/** Of the quarter, as an entry begins. */
export const secondOf = (at: number): string => `${Math.floor(at % QUARTER_S)}`

/** What a line of misses begins with. */
const MISS_MARK = '!'
const foldedMiss = (name: string): string => [...name.split('\t').slice(0, 3), FOLDED].join('\t')

function addLine(lines: Map<string, Line>, name: string, { hits, entries }: Line): void {
  const line = lines.get(name)
  if (line === undefined) lines.set(name, { hits, entries: [...entries] })
  else {
    line.hits += hits
    line.entries.push(...entries)
  }
}

function encodeLines(lines: ReadonlyMap<string, Line>): string {
  let text = ''
  for (const [name, { hits, entries }] of lines) text += `${name}\t${hits}\t${entries.join(',')}\n`
  return text
}

/** The lines as they are, then with more and more of the rare ones folded, at last without entries. */
function* foldings(lines: ReadonlyMap<string, Line>): Generator<ReadonlyMap<string, Line>> {
  yield lines
  const byHits = [...lines].sort(([, a], [, b]) => b.hits - a.hits)
  for (const kept of [0.5, 0.25, 0.1, 0]) {
    const folded = new Map<string, Line>()
    for (const [i, [name, line]] of byHits.entries()) {
      addLine(folded, i < byHits.length * kept ? name : foldedLine(name), line)
    }
    yield folded
    if (kept === 0) yield new Map([...folded].map(([name, { hits }]) => [name, { hits, entries: [] }]))
  }
}

/** Link, quarter and 'b' stay. */
function foldedLine(name: string): string {
  const [linkId = '', quarter = '', bot = ''] = name.split('\t', 3)
  return [linkId, quarter, bot, ...DIMENSION_NAMES.map(() => FOLDED)].join('\t')
}

export interface ParsedLines {
  /** Valid ones of visits, without line breaks: each has all fields, and no more entries than hits. */
  readonly visits: readonly string[]
  readonly misses: readonly string[]
  /** Lines that are neither. */
  readonly corrupt: number
}

const VALUE = `[^\\t\\n\\r\\0]{0,${MAX_VALUE_LENGTH}}`
const ENTRY = '\\d{1,3}(?::[0-9a-f]{8})?'
const VISIT = new RegExp(
  `^\\d{1,18}\\t(\\d{7})\\tb?(?:\\t${VALUE}){${DIMENSION_NAMES.length}}\\t([1-9]\\d{0,8})\\t((?:${ENTRY}(?:,${ENTRY})*)?)$`,
)
const MISS = /^!\t(\d{5})\t[^\t\n\r\0]{1,255}\t[^\t\n\r\0]{1,128}\t[1-9]\d{0,8}$/
/** How far from now a visit may be: a clock that is wrong, or a segment that waited. */
const MAX_AGE_S = 40 * DAY_S
const MAX_AHEAD_S = DAY_S

/** @param now milliseconds since the epoch. */
export function parseVisitLines(text: string, now: number): ParsedLines {
  const isNear = (at: number): boolean => at > now / 1_000 - MAX_AGE_S && at < now / 1_000 + MAX_AHEAD_S
  const visits: string[] = []
  const misses: string[] = []
  let corrupt = 0
  // Neon's proxy refuses half a surrogate pair.
  for (const line of text.toWellFormed().split('\n')) {
    if (line === '') continue
    const visit = VISIT.exec(line)
    const [, quarter, hits = '', entries = ''] = visit ?? []
    const day = visit === null ? MISS.exec(line)?.[1] : undefined
    const entriesCount = entries === '' ? 0 : entries.split(',').length
    if (visit !== null && isNear(Number(quarter) * QUARTER_S) && entriesCount <= Number(hits)) {
      visits.push(line)
    } else if (day !== undefined && isNear(Number(day) * DAY_S)) misses.push(line)
    else corrupt++
  }
  return { visits, misses, corrupt }
}
