/**
 * @module
 * The tables of what visits tell. All of them are written by the statement that adds hits to `link_hits`, so they add up:
 * the hits of a link's days are its hits, and the values of each dimension are the people of the day.
 *
 * Days are those of UTC. In rows of domains, '' stands for all domains together.
 */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import { links } from './schema.ts'

const linkId = () =>
  bigint('link_id', { mode: 'bigint' })
    .notNull()
    .references(() => links.id, { onDelete: 'cascade' })

const counts = () => ({
  day: date({ mode: 'string' }).notNull(),
  /** Of people and bots. */
  hits: bigint({ mode: 'number' }).notNull().default(0),
  bots: bigint({ mode: 'number' }).notNull().default(0),
  /** People told apart: exact while they are few, estimated beyond. */
  visitors: integer().notNull().default(0),
})

/** Value -> people, all dimensions in one: `DIMENSIONS` has the letter that each key begins with. */
const dims = () => jsonb().$type<Readonly<Record<string, number>>>().notNull()

export const linkDays = pgTable('link_days', { linkId: linkId(), ...counts() }, (table) => [
  primaryKey({ columns: [table.linkId, table.day] }),
])

/** Of a day, until it is old enough to be added to its month. */
export const linkDetails = pgTable(
  'link_details',
  { linkId: linkId(), day: date({ mode: 'string' }).notNull(), dims: dims() },
  (table) => [
    primaryKey({ columns: [table.linkId, table.day] }),
    index('link_details_day_idx').on(table.day),
  ],
)

/** Without quarters of an hour. `month` is its first day. */
export const linkMonths = pgTable(
  'link_months',
  { linkId: linkId(), month: date({ mode: 'string' }).notNull(), dims: dims() },
  (table) => [primaryKey({ columns: [table.linkId, table.month] })],
)

export const domainDays = pgTable('domain_days', { domain: text().notNull(), ...counts() }, (table) => [
  primaryKey({ columns: [table.domain, table.day] }),
])

export const domainDetails = pgTable(
  'domain_details',
  { domain: text().notNull(), day: date({ mode: 'string' }).notNull(), dims: dims() },
  (table) => [primaryKey({ columns: [table.domain, table.day] })],
)

export const domainMonths = pgTable(
  'domain_months',
  { domain: text().notNull(), month: date({ mode: 'string' }).notNull(), dims: dims() },
  (table) => [primaryKey({ columns: [table.domain, table.month] })],
)

/** Which visitors a day has had, for as long as hits of that day may come: see visitor-sketch.ts. */
const sketch = () => ({
  day: date({ mode: 'string' }).notNull(),
  /** Their numbers; `null` = too many for that. */
  numbers: integer().array(),
  /** HyperLogLog registers that are not 0, as 16 * register + rank; `null` = not needed yet. */
  registers: integer().array(),
})

export const linkVisitors = pgTable('link_visitors', { linkId: linkId(), ...sketch() }, (table) => [
  primaryKey({ columns: [table.linkId, table.day] }),
  index('link_visitors_day_idx').on(table.day),
])

export const domainVisitors = pgTable(
  'domain_visitors',
  { domain: text().notNull(), ...sketch() },
  (table) => [primaryKey({ columns: [table.domain, table.day] })],
)

/** The log: a row a visit, of the last `VISIT_LOG_DAYS`. */
export const visits = pgTable(
  'visits',
  {
    /** Tells visits of one second apart; unique, and no key: an index on it alone would have no use. */
    id: bigint({ mode: 'bigint' }).notNull().generatedByDefaultAsIdentity(),
    linkId: linkId(),
    at: timestamp({ withTimezone: true, precision: 0 }).notNull(),
    isBot: boolean('is_bot').notNull(),
    /** The visitor's number of that day; `null` = not known, or not to be kept. */
    visitor: integer(),
    country: text().notNull(),
    referrer: text().notNull(),
    device: text().notNull(),
    browser: text().notNull(),
    os: text().notNull(),
    language: text().notNull(),
    variant: text().notNull(),
    utmSource: text('utm_source').notNull(),
    utmMedium: text('utm_medium').notNull(),
    utmCampaign: text('utm_campaign').notNull(),
    qr: text().notNull(),
    continent: text().notNull(),
    region: text().notNull(),
    city: text().notNull(),
    asn: text().notNull(),
  },
  (table) => [
    index('visits_link_at_idx').on(table.linkId, table.at, table.id),
    index('visits_at_idx').on(table.at, table.id),
  ],
)

/**
 * What was imported from elsewhere: the greatest count of a link's day that a source has told so far. A count that comes
 * again adds only what it has more than then, so the same import, or a later export of the same visits, never counts twice.
 */
export const importedDays = pgTable(
  'imported_days',
  {
    linkId: linkId(),
    day: date({ mode: 'string' }).notNull(),
    /** Who counted, like `shlink`. */
    source: text().notNull(),
    hits: bigint({ mode: 'number' }).notNull(),
    /** What the last import that counted anything had more than the one before. */
    added: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.linkId, table.day, table.source] })],
)

/** Codes that visitors tried and no link has: the first 1,000 of a domain and day, further ones summed in `*`. */
export const misses = pgTable(
  'misses',
  {
    domain: text().notNull(),
    day: date({ mode: 'string' }).notNull(),
    code: text().notNull(),
    misses: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.domain, table.day, table.code] }),
    index('misses_day_idx').on(table.day, sql`${table.misses} DESC`),
  ],
)
