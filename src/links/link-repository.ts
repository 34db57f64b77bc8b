import { eq, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { guardPostgres, isUniqueViolation } from '../db/postgres-error.ts'
import { linkHits, links } from '../db/schema.ts'
import type { LinkKey, LinkRecord, RedirectStatus } from './link.ts'

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

/** The write side of links. Every method throws `SourceUnavailable` when Postgres fails. */
export interface LinkRepository {
  /** Resolves to `null` when the key is taken. */
  create(key: LinkKey, fields: LinkFields): Promise<LinkRecord | null>
  /** @param pendingSegments ids of segments of hits that may or may not have been applied. */
  get(id: string, pendingSegments: readonly string[]): Promise<CountedLink | null>
  /** Resolves to `null` when there is no such link. */
  update(id: string, changes: LinkChanges): Promise<LinkRecord | null>
  /** Resolves to the key that is free now and the version of the deletion; `null` when there is no such link. */
  delete(id: string): Promise<(LinkKey & { readonly version: number }) | null>
}

const nextVersion = sql<number>`nextval('link_version_seq')`.mapWith(Number)

export function postgresLinkRepository(database: Database): LinkRepository {
  return {
    async create(key, fields) {
      try {
        const row = { ...key, ...fields, tags: [...fields.tags] }
        const [created] = await guardPostgres(database.insert(links).values(row).returning())
        return created === undefined ? null : toRecord(created)
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
      const [updated] = await guardPostgres(
        database
          .update(links)
          .set({
            ...withoutUndefined(rest),
            ...(tags === undefined ? {} : { tags: [...tags] }),
            updatedAt: sql`now()`,
            version: nextVersion,
          })
          .where(eq(links.id, BigInt(id)))
          .returning(),
      )
      return updated === undefined ? null : toRecord(updated)
    },

    async delete(id) {
      const [deleted] = await guardPostgres(
        database
          .delete(links)
          .where(eq(links.id, BigInt(id)))
          .returning({ domain: links.domain, code: links.code, version: nextVersion }),
      )
      return deleted ?? null
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
