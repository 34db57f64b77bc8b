import { type SQL, sql } from 'drizzle-orm'
import type { LinkRecord, WrittenKey } from '../links/link.ts'
import type { LinkChanges } from '../owners/link-fields.ts'
import { assignments } from './link-changes.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'

const FIELDS = sql.raw('url, status, enabled, expires_at, forward_query, title, tags')
const COLUMNS = sql`id, domain, code, ${FIELDS}, created_at, updated_at, version`

/** A row of `written`. */
export type EditedRow = (
  | LinkRow
  | { readonly id: null; readonly domain: string; readonly code: string; readonly version: string }
) & {
  /** A key that a link has left: its row is the link that stays behind, or has no id. */
  readonly is_vacated: boolean
}

export interface Edited {
  readonly changed: readonly LinkRecord[]
  /** The keys that moved links have left. */
  readonly vacated: readonly WrittenKey[]
}

/**
 * The tables of a statement that changes the links in `chosen` (id, domain and code of locked rows), the last of which is
 * `written`: what Redis must hear of. A link that moves keeps its id, and with it its hits. Both of its keys are in
 * `written`: what caches have of the old one is wrong too.
 */
export function editTables(changes: LinkChanges): SQL {
  const set = assignments(changes)
  if (changes.domain === undefined && changes.code === undefined) {
    return sql`written AS (
      UPDATE links SET ${set} WHERE id IN (SELECT id FROM chosen) RETURNING ${COLUMNS}, false AS is_vacated
    )`
  }
  const hasMoved = sql`(old_domain, old_code) <> (domain, code)`
  // The link has left its key by the time that its row comes out of `moved`.
  const staysBehind = sql`
    INSERT INTO links (domain, code, ${FIELDS}) SELECT old_domain, old_code, ${FIELDS} FROM moved WHERE ${hasMoved}
    RETURNING ${COLUMNS}`
  const nothingStays = sql`
    SELECT NULL::bigint AS id, old_domain AS domain, old_code AS code, ${FIELDS}, created_at, updated_at,
      nextval('link_version_seq') AS version
    FROM moved WHERE ${hasMoved}`
  return sql`moved AS (
      UPDATE links SET ${set} FROM (SELECT id AS chosen_id, domain AS old_domain, code AS old_code FROM chosen) AS chosen
      WHERE id = chosen_id RETURNING links.*, old_domain, old_code
    ), vacated AS (${changes.keepOldCode === true ? staysBehind : nothingStays}
    ), written AS (
      SELECT ${COLUMNS}, false AS is_vacated FROM moved UNION ALL SELECT ${COLUMNS}, true FROM vacated
    )`
}

export function editedFromRows(rows: readonly EditedRow[]): Edited {
  const changed: LinkRecord[] = []
  const vacated: WrittenKey[] = []
  for (const row of rows) {
    const link = row.id === null ? null : linkFromRow(row)
    const { domain, code, version } = row
    if (row.is_vacated) vacated.push({ domain, code, version: Number(version), link })
    else if (link !== null) changed.push(link)
  }
  return { changed, vacated }
}
