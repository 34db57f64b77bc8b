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
  json,
  jsonb,
  pgSequence,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core'
import type { RobotsPolicy } from '../links/domain-settings.ts'
import type { RedirectStatus } from '../links/link.ts'
import type { Scope } from '../owners/api-key.ts'
import { NEXT_VERSION, SEARCH_TEXT, TOTAL_HITS, TOTAL_PEOPLE } from './expressions.ts'

/** One sequence for all links: a re-created link still gets a greater version than the deleted one had. */
export const linkVersion = pgSequence('link_version_seq')

/** What the statements need of a column follows from here; see link-columns.ts. */
export const links = pgTable(
  'links',
  {
    id: bigint({ mode: 'bigint' }).primaryKey().generatedByDefaultAsIdentity(),
    domain: text().notNull(),
    code: text().notNull(),
    url: text().notNull(),
    status: smallint().$type<RedirectStatus>().notNull().default(302),
    enabled: boolean().notNull().default(true),
    expiresAt: timestamp('expires_at', { withTimezone: true }),
    forwardQuery: boolean('forward_query').notNull().default(false),
    title: text(),
    tags: text().array().$type<readonly string[]>().notNull().default(sql`'{}'`),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
    version: bigint({ mode: 'number' }).notNull().default(NEXT_VERSION),
  },
  (table) => [
    // The code first: the same look-up, and a code can also be found without its domain.
    unique('links_code_domain_key').on(table.code, table.domain),
    index('links_created_at_idx').on(table.createdAt, table.id),
    index('links_domain_created_at_idx').on(table.domain, table.createdAt, table.id),
    index('links_updated_at_idx').on(table.updatedAt, table.id),
    index('links_tags_idx').using('gin', table.tags),
    index('links_search_idx').using('gin', sql`${SEARCH_TEXT} gin_trgm_ops`),
    index('links_expires_at_idx').on(table.expiresAt).where(sql`expires_at IS NOT NULL`),
    index('links_disabled_idx').on(table.createdAt, table.id).where(sql`NOT enabled`),
    check('links_status_check', sql`${table.status} IN (301, 302, 307, 308)`),
  ],
)

/**
 * Names of links and domains whose newest version Redis may not have yet: written in the same statement as the link or the
 * settings, deleted once Redis has it. One row a name, because only the newest version matters.
 */
export const cacheOutbox = pgTable(
  'cache_outbox',
  {
    /** See `registerName`. */
    name: text().primaryKey(),
    version: bigint({ mode: 'number' }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('cache_outbox_created_at_idx').on(table.createdAt)],
)

/**
 * What has been taken out of the outbox lately, so that it can be put in again should Redis come back as it was before.
 * One row a name; the newest one says what Redis had.
 */
export const settledEdits = pgTable(
  'settled_edits',
  {
    name: text().primaryKey(),
    version: bigint({ mode: 'number' }).notNull(),
    /** The id of the entry about it in Redis's change log. */
    logId: text('log_id').notNull(),
    settledAt: timestamp('settled_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('settled_edits_settled_at_idx').on(table.settledAt)],
)

/** Apart from `links` and narrow, so that counting never rewrites a link's row. A trigger makes each link's row here. */
export const linkHits = pgTable(
  'link_hits',
  {
    linkId: bigint('link_id', { mode: 'bigint' })
      .primaryKey()
      .references(() => links.id, { onDelete: 'cascade' }),
    /** Counted here. */
    hits: bigint({ mode: 'number' }).notNull().default(0),
    /** Counted elsewhere, before the link was imported. Apart from `hits`, so that importing twice never doubles it. */
    baseline: bigint({ mode: 'number' }).notNull().default(0),
    /** How many of `hits` were made by bots, and of `baseline` as far as their days were purged here. */
    bots: bigint({ mode: 'number' }).notNull().default(0),
    /** When the last flush that brought hits was applied; `null` = none did. */
    lastHitAt: timestamp('last_hit_at', { withTimezone: true }),
  },
  (table) => [
    index('link_hits_total_idx').on(sql`${TOTAL_HITS}`, table.linkId),
    index('link_hits_people_idx').on(sql`${TOTAL_PEOPLE}`, table.linkId),
  ],
)

/**
 * What has been added to `link_hits`, so that none of it counts twice: ids of segments, and ids of the batches in them that
 * may be sent again.
 */
export const appliedHits = pgTable(
  'applied_hits',
  {
    id: text().primaryKey(),
    appliedAt: timestamp('applied_at', { withTimezone: true }).notNull().defaultNow(),
    /** All hits of a segment; `null` = a batch, which counted as part of one. */
    hits: bigint({ mode: 'number' }),
    /** Those hits link by link, for as long as Redis might bring the segment back with more. */
    linkIds: bigint('link_ids', { mode: 'bigint' }).array(),
    counts: bigint({ mode: 'bigint' }).array(),
  },
  (table) => [
    index('applied_hits_applied_at_idx').on(table.appliedAt),
    index('applied_hits_counts_idx').on(table.appliedAt).where(sql`link_ids IS NOT NULL`),
  ],
)

/** Keys to the API. The key itself is nowhere: its hash recognizes it, its prefix helps its owner to. */
export const apiKeys = pgTable('api_keys', {
  id: bigint({ mode: 'bigint' }).primaryKey().generatedByDefaultAsIdentity(),
  name: text().notNull(),
  prefix: text().notNull(),
  /** SHA-256 in hex: a key has too much entropy to be guessed, so a slow hash would only slow us down. */
  hash: text().notNull().unique(),
  scopes: text().array().$type<readonly Scope[]>().notNull(),
  /** `null` = every domain. */
  domains: text().array().$type<readonly string[]>(),
  expiresAt: timestamp('expires_at', { withTimezone: true }),
  /** Roughly: see KeyRing. */
  lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  /** The id of another key, or `admin`. */
  createdBy: text('created_by'),
  revokedAt: timestamp('revoked_at', { withTimezone: true }),
})

/** Fallback URLs and defaults of a domain. `*` stands for every host that has no row. */
export const domains = pgTable('domains', {
  host: text().primaryKey(),
  rootUrl: text('root_url'),
  notFoundUrl: text('not_found_url'),
  expiredUrl: text('expired_url'),
  defaultStatus: smallint('default_status').$type<RedirectStatus>().notNull().default(302),
  robots: text().$type<RobotsPolicy>().notNull().default('allow'),
  respectsOptOut: boolean('respects_opt_out').notNull().default(true),
  geography: boolean().notNull().default(false),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  version: bigint({ mode: 'number' }).notNull().default(NEXT_VERSION),
})

/**
 * The responses to requests that carried an Idempotency-Key. Here and not in Redis, because they must outlive what the
 * cache may forget, and a thousand bulk responses are megabytes that Redis would keep in memory.
 */
export const idempotentAnswers = pgTable(
  'idempotent_answers',
  {
    caller: text().notNull(),
    key: text().notNull(),
    /** Of method, path and body. */
    requestHash: text('request_hash').notNull(),
    /**
     * Whose it is: an attempt that took too long writes nothing more, and must not overwrite its successor's response.
     * `null` = its attempt has failed, and the next one may begin.
     */
    attempt: text(),
    /** What each of its writes has written, in their order; emptied once there is a response. */
    writes: json().array().notNull().default(sql`'{}'`),
    /** `null` = being processed since `created_at`. */
    status: smallint(),
    headers: jsonb().$type<Readonly<Record<string, string>>>(),
    body: text(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.caller, table.key] }),
    index('idempotent_answers_created_at_idx').on(table.createdAt),
  ],
)
