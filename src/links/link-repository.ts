import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { guardPostgres, isUniqueViolation } from '../db/postgres-error.ts'
import { linkHits, links } from '../db/schema.ts'
import type { LinkKey, LinkRecord, RedirectStatus } from './link.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'

/** What an owner decides about a link. */
export interface LinkFields {
  readonly url: string
  readonly status: RedirectStatus
  readonly enabled: boolean
  readonly expiresAt: Date | null
  readonly forwardQuery: boolean
  readonly title: string | null
  readonly tags: readonly string[]
}

/** `undefined` = leave as it is. */
export type LinkChanges = { readonly [Field in keyof LinkFields]?: LinkFields[Field] | undefined }

export interface CountedLink {
  readonly link: LinkRecord
  /** Hits that Postgres has. */
  readonly hits: number
  /** Which of the segments asked about are among them. */
  readonly appliedSegments: readonly string[]
}

/** The write side of links. Each write puts its key into the outbox in the same statement. Every method throws `SourceUnavailable` when Postgres fails. */
export interface LinkRepository {
  /** Resolves to `null` when the key is taken. */
  create(key: LinkKey, fields: LinkFields): Promise<LinkRecord | null>
  /** @param pendingSegments ids of segments of hits that may or may not have been applied. */
  get(id: string, pendingSegments: readonly string[]): Promise<CountedLink | null>
  /** Resolves to `null` when there is no such link. */
  update(id: string, changes: LinkChanges): Promise<LinkRecord | null>
  /** Resolves to the link as it was, with the version of its deletion; `null` when there is no such link. */
  delete(id: string): Promise<LinkRecord | null>
}

const nextVersion = sql<number>`nextval('link_version_seq')`

export function postgresLinkRepository(database: Database): LinkRepository {
  /** @param statement a write that returns the rows of `links` as they are after it. */
  async function write(statement: SQL): Promise<LinkRecord[]> {
    const { rows } = await guardPostgres(
      database.execute<LinkRow>(sql`
        WITH written AS (${statement}), outbox AS (
          INSERT INTO cache_outbox (domain, code, version) SELECT domain, code, version FROM written
          ON CONFLICT (domain, code) DO UPDATE SET version = excluded.version, created_at = now()
        )
        SELECT * FROM written`),
    )
    return rows.map(linkFromRow)
  }

  return {
    async create(key, fields) {
      try {
        const row = { ...key, ...fields, tags: [...fields.tags] }
        return (await write(database.insert(links).values(row).returning().getSQL()))[0] ?? null
      } catch (error) {
        if (isUniqueViolation(error)) return null
        throw error
      }
    },

    async get(id, pendingSegments) {
      const [row] = await guardPostgres(
        database
          .select({
            link: links,
            hits: linkHits.hits,
            appliedSegments: sql<string[]>`ARRAY(
              SELECT id FROM hit_batches WHERE id IN (
                SELECT jsonb_array_elements_text(${JSON.stringify(pendingSegments)}::jsonb)))`,
          })
          .from(links)
          .leftJoin(linkHits, eq(linkHits.linkId, links.id))
          .where(eq(links.id, BigInt(id))),
      )
      if (row === undefined) return null
      return { link: toRecord(row.link), hits: row.hits ?? 0, appliedSegments: row.appliedSegments }
    },

    async update(id, changes) {
      const { tags, ...rest } = changes
      const statement = database
        .update(links)
        .set({
          ...withoutUndefined(rest),
          ...(tags === undefined ? {} : { tags: [...tags] }),
          updatedAt: sql`now()`,
          version: nextVersion,
        })
        .where(eq(links.id, BigInt(id)))
        .returning()
      return (await write(statement.getSQL()))[0] ?? null
    },

    async delete(id) {
      const statement = database
        .delete(links)
        .where(eq(links.id, BigInt(id)))
        .returning({ ...getTableColumns(links), version: nextVersion.as('version') })
      return (await write(statement.getSQL()))[0] ?? null
    },
  }
}

function toRecord({ id, status, expiresAt, ...row }: typeof links.$inferSelect): LinkRecord {
  return {
    ...row,
    id: String(id),
    status: status as RedirectStatus,
    expiresAt: expiresAt?.getTime() ?? null,
  }
}

function withoutUndefined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>
  }
}
