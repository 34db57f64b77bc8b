import { type SQL, sql } from 'drizzle-orm'
import type { LinkRecord, RedirectStatus, WrittenKey } from '../links/link.ts'
import { type CountedHits, type HitsRow, hitsFromRow } from '../owners/link-hits.ts'
import type { Database } from './client.ts'
import { TOTAL_HITS } from './expressions.ts'
import { AS_DELETED, hasRoom } from './link-changes.ts'
import { type EditedRow, editedFromRows, editTables } from './link-edits.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import { isUniqueViolation } from './postgres-error.ts'
import { textArray } from './text-array.ts'
import { TO_OUTBOX } from './to-outbox.ts'

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
      const [row] = await database.execute<LinkRow & HitsRow & { applied: readonly string[] }>(sql`
        SELECT links.*, (SELECT ${TOTAL_HITS} FROM link_hits WHERE link_id = id) AS hits,
          (SELECT last_hit_at FROM link_hits WHERE link_id = id) AS last_hit_at,
          ARRAY(SELECT id FROM applied_hits WHERE id = ANY(${textArray(pendingSegments)})) AS applied
        FROM links WHERE id = ${id}`)
      if (row === undefined) return null
      return { link: linkFromRow(row), ...hitsFromRow(row), appliedSegments: row.applied }
    },

    async update(id, changes, versions) {
      try {
        const rows = await database.execute<EditedRow>(sql`
          WITH chosen AS MATERIALIZED (
            SELECT id, domain, code FROM links WHERE ${isLink(id, versions)} AND ${hasRoom(changes)} FOR UPDATE
          ), ${editTables(changes)}, ${TO_OUTBOX} SELECT * FROM written`)
        const { changed, vacated } = editedFromRows(rows)
        return changed[0] === undefined ? null : { link: changed[0], vacated }
      } catch (error) {
        if (isUniqueViolation(error)) return 'taken'
        throw error
      }
    },

    async delete(id, versions) {
      const [row] = await database.execute<LinkRow>(sql`
        WITH written AS (DELETE FROM links WHERE ${isLink(id, versions)} RETURNING ${AS_DELETED}), ${TO_OUTBOX}
        SELECT * FROM written`)
      return row === undefined ? null : linkFromRow(row)
    },
  }
}

const isLink = (id: string, versions: readonly number[] | null): SQL =>
  versions === null
    ? sql`id = ${id}`
    : sql`id = ${id} AND version = ANY(${sql.param([...versions])}::bigint[])`
