import { DAY_S, DIMENSION_NAMES, FOLDED, QUARTER_S, type VisitValues } from '../../../visits/visit.ts'
import { CliError } from '../../cli-error.ts'

/** A visit of which is known where it belongs. */
export interface PlacedVisit {
  readonly domain: string
  readonly code: string
  /** Seconds since the epoch. */
  readonly at: number
  readonly hits: number
  readonly isBot: boolean
  readonly values: VisitValues
}

/** As the API takes it. */
export interface DayOfVisits {
  readonly domain: string
  readonly code: string
  readonly day: string
  readonly visits: readonly Readonly<Record<string, unknown>>[]
  readonly hits: number
}

export interface VisitDays {
  /** @throws {CliError} when there are more than memory should hold. */
  add(visit: PlacedVisit): void
  /** The oldest first. */
  days(): Generator<DayOfVisits, void>
  /** Visits of which only time, link and bot or person are told, since their day has too many different ones. */
  folded(): number
}

/** No log of linkr reaches back further: the seconds of older visits would be of no use. */
const LOGGED_S = 400 * DAY_S
/** Some 200 bytes each. */
const MAX_GROUPS = 3_000_000
/** Of a day; the API takes twice as many. */
const MAX_OF_DAY = 2_000

type Groups = Map<string, number>

/**
 * All visits of a file by link and day. The server counts of a day what it has more than the day had before, so each day has
 * to be whole when it is sent, wherever in the file its visits are.
 * @param now milliseconds since the epoch.
 */
export function createVisitDays(now: number, maxGroups = MAX_GROUPS): VisitDays {
  const byDay = new Map<string, Groups>()
  const logged = now / 1_000 - LOGGED_S
  let groups = 0
  let folded = 0

  function foldedTo(most: number, all: Groups): Groups {
    if (all.size <= most) return all
    const quarters = regroup([...all], (group) => ({ ...group, at: quarterOf(group.at) }))
    if (quarters.size <= most) return quarters
    const byHits = [...quarters].sort(([, a], [, b]) => b - a)
    // A quarter of an hour has at most one group of people and one of bots more.
    const rare = byHits.splice(most - 2 * (DAY_S / QUARTER_S))
    folded += rare.reduce((sum, [, hits]) => sum + hits, 0)
    return new Map([...byHits, ...regroup(rare, (group) => ({ ...group, values: FOLDED_VALUES }))])
  }

  return {
    add({ domain, code, at, hits, isBot, values }) {
      const day = Math.floor(at / DAY_S)
      const name = JSON.stringify([day, domain, code])
      const known = byDay.get(name) ?? new Map<string, number>()
      byDay.set(name, known)
      const key = encode({ at: at < logged ? quarterOf(at) : at, isBot, values })
      const before = known.get(key)
      if (before === undefined && ++groups > maxGroups) {
        throw new CliError(
          `There are more than ${maxGroups.toLocaleString('en')} different visits: divide the file, by whole days.`,
        )
      }
      known.set(key, (before ?? 0) + hits)
    },

    *days() {
      const names = [...byDay].map(([name, all]) => ({
        name: JSON.parse(name) as [number, string, string],
        all,
      }))
      names.sort((a, b) => a.name[0] - b.name[0])
      for (const { name, all } of names) {
        const [day, domain, code] = name
        const kept = [...foldedTo(MAX_OF_DAY, all)]
        yield {
          domain,
          code,
          day: new Date(day * DAY_S * 1_000).toISOString().slice(0, 10),
          visits: kept.flatMap(([key, hits]) => [...toItems(key, hits)]),
          hits: kept.reduce((sum, [, hits]) => sum + hits, 0),
        }
      }
    },

    folded: () => folded,
  }
}

interface Group {
  readonly at: number
  readonly isBot: boolean
  readonly values: VisitValues
}

const quarterOf = (at: number): number => at - (at % QUARTER_S)

const FOLDED_VALUES = Object.fromEntries(DIMENSION_NAMES.map((name) => [name, FOLDED])) as VisitValues

/** Of bots only the country is kept. No value has a tab in it. */
const encode = ({ at, isBot, values }: Group): string =>
  [
    at,
    isBot ? 'b' : '',
    ...DIMENSION_NAMES.map((name) => (isBot && name !== 'country' ? '' : values[name])),
  ].join('\t')

function decode(key: string): Group {
  const [at, bot, ...values] = key.split('\t')
  const named = Object.fromEntries(DIMENSION_NAMES.map((name, i) => [name, values[i] ?? ''])) as VisitValues
  return { at: Number(at), isBot: bot === 'b', values: named }
}

function regroup(all: readonly (readonly [string, number])[], change: (group: Group) => Group): Groups {
  const changed: Groups = new Map()
  for (const [key, hits] of all) {
    const next = encode(change(decode(key)))
    changed.set(next, (changed.get(next) ?? 0) + hits)
  }
  return changed
}

/** What a line has room for. */
const MAX_HITS = 999_999_999

function* toItems(key: string, hits: number): Generator<Readonly<Record<string, unknown>>, void> {
  const { at, isBot, values } = decode(key)
  const told = Object.entries(values).filter(([, value]) => value !== '')
  for (let left = hits; left > 0; left -= MAX_HITS) {
    yield {
      at: new Date(at * 1_000).toISOString(),
      ...(hits === 1 ? {} : { hits: Math.min(left, MAX_HITS) }),
      ...(isBot ? { bot: true } : {}),
      ...Object.fromEntries(told),
    }
  }
}
