import { and, eq, inArray, type SQL } from 'drizzle-orm'
import type { LinkRecord, RedirectStatus, WrittenKey } from '../links/link.ts'
import type { CountedHits } from '../owners/link-hits.ts'
import type { Database } from './client.ts'
import { appliedAmong, COUNTED_HITS } from './counted-hits.ts'
import { hasRoom } from './link-changes.ts'
import { DELETED_COLUMNS } from './link-columns.ts'
import { CHOSEN, editTables, toEdited } from './link-edits.ts'
import { toLinkRecord } from './link-row.ts'
import { isUniqueViolation } from './postgres-error.ts'
import { linkHits, links } from './schema.ts'
import { OUTBOX } from './to-outbox.ts'

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
export type LinkChanges = { readonly [Field in keyof LinkFields]?: LinkFields[Field] | undefined } & {
  readonly addTags?: readonly string[] | undefined
  readonly removeTags?: readonly string[] | undefined
  /** Where the link moves, with all its hits. */
  readonly domain?: string | undefined
  readonly code?: string | undefined
  /** Whether a link that moves leaves a copy of itself behind: a link of its own, with hits of its own. */
  readonly keepOldCode?: boolean | undefined
}

export interface UpdatedLink {
  readonly link: LinkRecord
  /** The key that it has left. */
  readonly vacated: readonly WrittenKey[]
}

/** With the hits that Postgres has. */
export interface CountedLink extends CountedHits {
  readonly link: LinkRecord
  /** Which of the segments asked about are among them. */
  readonly appliedSegments: readonly string[]
}

/** Reads and edits one link. Each write puts its key into the outbox in the same statement. Every method throws `SourceUnavailable` when Postgres fails. */
export interface LinkRepository {
  /** @param pendingSegments ids of segments of hits that may or may not have been applied. */
  get(id: string, pendingSegments: readonly string[]): Promise<CountedLink | null>
  /**
   * Resolves to `null` when there is no such link or it would get too many tags, to 'taken' when there is a link where it
   * would move.
   * @param versions `null` also when the link has none of these; `null` = any will do.
   */
  update(
    id: string,
    changes: LinkChanges,
    versions: readonly number[] | null,
  ): Promise<UpdatedLink | 'taken' | null>
  /** As `update`; resolves to the link as it was, with the version of its deletion. */
  delete(id: string, versions: readonly number[] | null): Promise<LinkRecord | null>
}

export function postgresLinkRepository(database: Database): LinkRepository {
  return {
    async get(id, pendingSegments) {
      const [row] = await database.run((db) =>
        db
          .select({ link: links, ...COUNTED_HITS, appliedSegments: appliedAmong(db, pendingSegments) })
          .from(links)
          .leftJoin(linkHits, eq(linkHits.linkId, links.id))
          .where(eq(links.id, BigInt(id))),
      )
      return row === undefined ? null : { ...row, link: toLinkRecord(row.link) }
    },

    async update(id, changes, versions) {
      try {
        const rows = await database.run((db) => {
          const choice = db
            .select(CHOSEN)
            .from(links)
            .where(and(isLink(id, versions), hasRoom(changes)))
          const { tables, written } = editTables(db, choice.for('update'), changes)
          return db
            .with(...tables, written, OUTBOX)
            .select()
            .from(written)
        })
        const { changed, vacated } = toEdited(rows)
        return changed[0] === undefined ? null : { link: changed[0], vacated }
      } catch (error) {
        if (isUniqueViolation(error)) return 'taken'
        throw error
      }
    },

    async delete(id, versions) {
      const [row] = await database.run((db) => {
        const deleted = db.delete(links).where(isLink(id, versions)).returning(DELETED_COLUMNS)
        const written = db.$with('written').as(deleted)
        return db.with(written, OUTBOX).select().from(written)
      })
      return row === undefined ? null : toLinkRecord(row)
    },
  }
}

const isLink = (id: string, versions: readonly number[] | null): SQL | undefined =>
  and(eq(links.id, BigInt(id)), versions === null ? undefined : inArray(links.version, [...versions]))
