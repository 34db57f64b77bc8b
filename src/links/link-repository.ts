import { and, eq, getTableColumns, inArray, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { guardPostgres, isUniqueViolation } from '../db/postgres-error.ts'
import { linkHits, links, TOTAL_HITS } from '../db/schema.ts'
import { TO_OUTBOX } from '../db/to-outbox.ts'
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
  /**
   * Resolves to `null` when there is no such link.
   * @param versions nor if the link has none of these; `null` = any will do.
   */
  update(id: string, changes: LinkChanges, versions: readonly number[] | null): Promise<LinkRecord | null>
  /** As `update`; resolves to the link as it was, with the version of its deletion. */
  delete(id: string, versions: readonly number[] | null): Promise<LinkRecord | null>
}

const nextVersion = sql<number>`nextval('link_version_seq')`

export function postgresLinkRepository(database: Database): LinkRepository {
  /** @param statement a write that returns the rows of `links` as they are after it. */
  async function write(statement: SQL): Promise<LinkRecord[]> {
    const { rows } = await guardPostgres(
      database.execute<LinkRow>(sql`
        WITH written AS (${statement}), ${TO_OUTBOX}
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
            hits: sql<number>`coalesce(${TOTAL_HITS}, 0)`.mapWith(Number),
            appliedSegments: sql<string[]>`ARRAY(
              SELECT id FROM hit_batches WHERE id IN (
                SELECT jsonb_array_elements_text(${JSON.stringify(pendingSegments)}::jsonb)))`,
          })
          .from(links)
          .leftJoin(linkHits, eq(linkHits.linkId, links.id))
          .where(eq(links.id, BigInt(id))),
      )
      if (row === undefined) return null
      return { link: toRecord(row.link), hits: row.hits, appliedSegments: row.appliedSegments }
    },

    async update(id, changes, versions) {
      const { tags, ...rest } = changes
      const statement = database
        .update(links)
        .set({
          ...withoutUndefined(rest),
          ...(tags === undefined ? {} : { tags: [...tags] }),
          updatedAt: sql`now()`,
          version: nextVersion,
        })
        .where(isLink(id, versions))
        .returning()
      return (await write(statement.getSQL()))[0] ?? null
    },

    async delete(id, versions) {
      const statement = database
        .delete(links)
        .where(isLink(id, versions))
        .returning({ ...getTableColumns(links), version: nextVersion.as('version') })
      return (await write(statement.getSQL()))[0] ?? null
    },
  }
}

const isLink = (id: string, versions: readonly number[] | null): SQL | undefined =>
  and(eq(links.id, BigInt(id)), versions === null ? undefined : inArray(links.version, [...versions]))

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
