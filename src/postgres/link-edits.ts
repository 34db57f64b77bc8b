import { eq, inArray, type SQLWrapper, sql } from 'drizzle-orm'
import type { LinkRecord, WrittenKey } from '../links/link.ts'
import type { LinkChanges } from '../owners/link-fields.ts'
import type { QueryBuilder } from './client.ts'
import { NEXT_VERSION } from './expressions.ts'
import { assignments } from './link-changes.ts'
import { DELETED_COLUMNS, FIELD_COLUMNS, LINK_COLUMNS, names } from './link-columns.ts'
import { toLinkRecord } from './link-row.ts'
import { links } from './schema.ts'

/** Of a row of `written`: a link, or a key that a link has left, with or without a copy of it that stays there. */
type Kind = 'link' | 'copy' | 'vacated'

const IS_LINK = sql<Kind>`'link'`.as('kind')

/** Of `written`: what Redis must hear of. */
const WRITTEN = { ...LINK_COLUMNS, kind: sql<Kind>`kind`.as('kind') }

/** For the SELECT of the links to edit. */
export const CHOSEN = {
  id: links.id,
  oldDomain: sql<string>`${links.domain}`.as('old_domain'),
  oldCode: sql<string>`${links.code}`.as('old_code'),
}

export interface Edited {
  readonly changed: readonly LinkRecord[]
  /** The keys that moved links have left. */
  readonly vacated: readonly WrittenKey[]
}

/**
 * The tables of a statement that changes links. One that moves keeps its id, and with it its hits. Both of its keys are in
 * `written`: what caches have of the old one is wrong too.
 * @param choice selects `CHOSEN` of locked rows.
 * @param changes `null` = delete them; each comes with the version of its deletion.
 */
export function editTables(db: QueryBuilder, choice: SQLWrapper, changes: LinkChanges | null) {
  const chosen = db.$with('chosen', CHOSEN).as(choice.getSQL())
  const written = db.$with('written', WRITTEN)
  const isChosen = inArray(links.id, db.select({ id: chosen.id }).from(chosen))
  if (changes === null) {
    const deleted = db
      .delete(links)
      .where(isChosen)
      .returning({ ...DELETED_COLUMNS, kind: IS_LINK })
    return { tables: [chosen], written: written.as(deleted.getSQL()) }
  }
  const update = db.update(links).set(assignments(changes))
  if (changes.domain === undefined && changes.code === undefined) {
    const updated = update.where(isChosen).returning({ ...LINK_COLUMNS, kind: IS_LINK })
    return { tables: [chosen], written: written.as(updated.getSQL()) }
  }
  const { oldDomain, oldCode } = chosen
  const moved = db.$with('moved').as(
    update
      .from(chosen)
      .where(eq(links.id, chosen.id))
      .returning({ ...LINK_COLUMNS, oldDomain, oldCode }),
  )
  const vacated = db.$with('vacated', WRITTEN).as(changes.keepOldCode === true ? STAYS_BEHIND : NOTHING_STAYS)
  const both = sql`SELECT ${names(LINK_COLUMNS)}, 'link' AS kind FROM ${moved}
    UNION ALL SELECT ${names(LINK_COLUMNS)}, kind FROM ${vacated}`
  return { tables: [chosen, moved, vacated], written: written.as(both) }
}

const FIELDS = names(FIELD_COLUMNS)
const HAS_MOVED = sql`(old_domain, old_code) <> (domain, code)`

/** The link has left its key by the time that its row comes out of `moved`. */
const STAYS_BEHIND = sql`
  INSERT INTO ${links} (domain, code, ${FIELDS}) SELECT old_domain, old_code, ${FIELDS} FROM moved WHERE ${HAS_MOVED}
  RETURNING *, 'copy' AS kind`

const NOTHING_STAYS = sql`
  SELECT id, old_domain AS domain, old_code AS code, ${FIELDS}, created_at, updated_at, ${NEXT_VERSION} AS version,
    'vacated' AS kind
  FROM moved WHERE ${HAS_MOVED}`

export function toEdited(rows: readonly (typeof links.$inferSelect & { readonly kind: Kind })[]): Edited {
  const changed: LinkRecord[] = []
  const vacated: WrittenKey[] = []
  for (const { kind, ...row } of rows) {
    const link = toLinkRecord(row)
    const { domain, code, version } = row
    if (kind === 'link') changed.push(link)
    else vacated.push({ domain, code, version, link: kind === 'copy' ? link : null })
  }
  return { changed, vacated }
}
