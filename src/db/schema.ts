/**
 * @module
 * The tables. `npm run db:generate` turns a change here into a migration under drizzle/.
 */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  pgSequence,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core'

/** One sequence for all links: a re-created link still gets a greater version than the deleted one had. */
export const linkVersion = pgSequence('link_version_seq')

export const links = pgTable(
  'links',
  {
    id: bigint({ mode: 'bigint' }).primaryKey().generatedByDefaultAsIdentity(),
    domain: text().notNull(),
    code: text().notNull(),
    url: text().notNull(),
    status: smallint().notNull().default(302),
    enabled: boolean().notNull().default(true),
    expiresAt: timestamp('expires_at', { withTimezone: true }),
    forwardQuery: boolean('forward_query').notNull().default(false),
    title: text(),
    tags: text().array().notNull().default(sql`'{}'`),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
    version: bigint({ mode: 'number' }).notNull().default(sql`nextval('link_version_seq')`),
  },
  (table) => [
    unique('links_domain_code_key').on(table.domain, table.code),
    check('links_status_check', sql`${table.status} IN (301, 302, 307, 308)`),
  ],
)

/**
 * Keys whose newest version Redis may not have yet: written in the same statement as the link, deleted once Redis has
 * it. One row a key, because only the newest version matters.
 */
export const cacheOutbox = pgTable(
  'cache_outbox',
  {
    domain: text().notNull(),
    code: text().notNull(),
    version: bigint({ mode: 'number' }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.domain, table.code] })],
)

/** Apart from `links` and narrow, so that counting never rewrites a link's row. */
export const linkHits = pgTable('link_hits', {
  linkId: bigint('link_id', { mode: 'bigint' })
    .primaryKey()
    .references(() => links.id, { onDelete: 'cascade' }),
  hits: bigint({ mode: 'number' }).notNull(),
  /** When the last flush that brought hits was applied. */
  lastHitAt: timestamp('last_hit_at', { withTimezone: true }).notNull(),
})

/** The batches that have been added to `link_hits`: a batch whose id is here is never added again. */
export const hitBatches = pgTable(
  'hit_batches',
  {
    id: text().primaryKey(),
    appliedAt: timestamp('applied_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('hit_batches_applied_at_idx').on(table.appliedAt)],
)
