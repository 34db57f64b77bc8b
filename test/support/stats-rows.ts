/**
 * @module
 * Visits that a test knows, as rows of every table that the flush would have written them to.
 */
import { DIMENSION_NAMES, DIMENSIONS, type Dimension } from '../../src/visits/visit.ts'
import type { Stores } from './stores.ts'

export interface KnownVisit {
  readonly link: string
  readonly domain?: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly isBot?: boolean
  readonly visitor?: number
  readonly values?: Readonly<Partial<Record<Dimension, string>>>
}

/** Links 1 and 2 in `*`, 3 in the host; 1 and 3 have a tag. */
export const threeLinks = (host: string): string =>
  `INSERT INTO links (domain, code, url, tags) VALUES ('*', 'one', 'https://example.com/1', '{spring,all}'),
  ('*', 'two', 'https://example.com/2', '{all}'), ('${host}', 'three', 'https://example.com/3', '{spring,all}')`

const DEFAULTS: Readonly<Partial<Record<Dimension, string>>> = { country: 'XX', device: 'other' }

const told = ({ values, isBot }: KnownVisit, name: Dimension): string =>
  (isBot ? undefined : values?.[name]) ?? DEFAULTS[name] ?? ''

interface DayRow {
  hits: number
  bots: number
  readonly visitors: Set<number>
  readonly dims: Map<string, number>
}

function daysOf(visits: readonly KnownVisit[], keyOf: (visit: KnownVisit) => string): Map<string, DayRow> {
  const rows = new Map<string, DayRow>()
  for (const visit of visits) {
    const { at, isBot = false, visitor } = visit
    const name = `${keyOf(visit)} ${at.slice(0, 10)}`
    const row = rows.get(name) ?? { hits: 0, bots: 0, visitors: new Set<number>(), dims: new Map() }
    rows.set(name, row)
    const count = (key: string): void => void row.dims.set(key, (row.dims.get(key) ?? 0) + 1)
    row.hits++
    count(`${isBot ? 'H' : 'h'}${Math.floor((Date.parse(at) % 86_400_000) / 900_000)}`)
    if (isBot) {
      row.bots++
      continue
    }
    if (visitor !== undefined) row.visitors.add(visitor)
    for (const name of DIMENSION_NAMES) {
      const value = told(visit, name)
      const rules = DIMENSIONS[name]
      if (value !== '' || 'storesEmpty' in rules) count(rules.letter + value)
    }
  }
  return rows
}

/** @param isCompacted whether a day is kept by the month only. */
export async function insertVisits(
  { sql }: Pick<Stores, 'sql'>,
  visits: readonly KnownVisit[],
  isCompacted: (day: string) => boolean = () => false,
): Promise<void> {
  const write = async (kind: 'link' | 'domain', key: string, rows: ReadonlyMap<string, DayRow>) => {
    for (const [name, { hits, bots, visitors, dims }] of rows) {
      const [id = '', day = ''] = name.split(' ')
      await sql(`INSERT INTO ${kind}_days (${key}, day, hits, bots, visitors) VALUES ($1, $2, $3, $4, $5)`, [
        ...[id, day, hits, bots, visitors.size],
      ])
      const isMonth = isCompacted(day)
      const kept = [...dims].filter(([value]) => !isMonth || !/^[hH]\d/.test(value))
      const [table, period] = isMonth ? ['months', `${day.slice(0, 7)}-01`] : ['details', day]
      for (const [value, people] of isMonth ? kept : []) {
        await sql(
          `INSERT INTO ${kind}_${table} (${key}, month, dims) VALUES ($1, $2, jsonb_build_object($3::text, $4::int))
           ON CONFLICT (${key}, month) DO UPDATE SET dims = ${kind}_${table}.dims
             || jsonb_build_object($3::text, coalesce((${kind}_${table}.dims->>$3)::int, 0) + $4)`,
          [id, period, value, people],
        )
      }
      if (!isMonth) {
        const json = JSON.stringify(Object.fromEntries(kept))
        await sql(`INSERT INTO ${kind}_${table} (${key}, day, dims) VALUES ($1, $2, $3)`, [id, period, json])
      }
    }
  }
  await write(
    'link',
    'link_id',
    daysOf(visits, ({ link }) => link),
  )
  await write(
    'domain',
    'domain',
    daysOf(visits, ({ domain = '*' }) => domain),
  )
  await write(
    'domain',
    'domain',
    daysOf(visits, () => ''),
  )
  const columns = DIMENSION_NAMES.map((name) =>
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  )
  for (const visit of visits) {
    const { link, at, isBot = false, visitor = null } = visit
    const cells = [link, at, isBot, visitor, ...DIMENSION_NAMES.map((name) => told(visit, name))]
    await sql(
      `INSERT INTO visits (link_id, at, is_bot, visitor, ${columns.join(', ')})
       VALUES (${cells.map((_, i) => `$${i + 1}`).join(', ')})`,
      cells,
    )
  }
}
