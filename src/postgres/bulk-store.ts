import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { BulkStore, LinkDraft, Overwriting } from '../owners/bulk-store.ts'
import { ClaimLost, type WriteStep } from '../owners/write-step.ts'
import { postgresBulkEdits } from './bulk-edits.ts'
import type { Database } from './client.ts'
import { NEXT_VERSION } from './expressions.ts'
import { byName, definitions, FIELD_COLUMNS, LINK_COLUMNS, names, overwrites } from './link-columns.ts'
import { decodeRow, type RawRow, toLinkRecord } from './link-row.ts'
import { recordedWrite } from './recorded-write.ts'
import { linkHits, links } from './schema.ts'
import { IS_FIRST, TO_OUTBOX } from './to-outbox.ts'
import { importedDays, linkDays } from './visit-schema.ts'

interface WriteResult {
  /** As JSON, so that they can be recorded. */
  readonly rows: readonly (RawRow & {
    readonly index: number
    readonly is_new: boolean
    readonly is_first: boolean
  })[]
  readonly is_repeated: boolean
}

export function postgresBulkStore(database: Database): BulkStore {
  return {
    ...postgresBulkEdits(database),

    async write(drafts, onTaken, step) {
      const [result] = await database.execute<WriteResult>(writeStatement(drafts, onTaken, step))
      if (result === undefined) throw new ClaimLost()
      const { rows, is_repeated: isRepeated } = result
      return rows.map((row) => {
        const link = toLinkRecord(decodeRow(LINK_COLUMNS, row))
        return { ...link, index: row.index, isNew: row.is_new, isFirst: row.is_first, isRepeated }
      })
    },

    taken: (keys) =>
      database.run((db) => {
        const wanted = sql`jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) AS wanted (${definitions(KEY_COLUMNS)})`
        const isWanted = and(eq(links.code, sql`wanted.code`), eq(links.domain, sql`wanted.domain`))
        const { domain, code, url } = links
        return db.select({ domain, code, url }).from(wanted).innerJoin(links, isWanted)
      }),

    async freeSuffixes(keys) {
      // As many numbers as there are links could be taken, but each one that is tried costs a look into the index.
      const rows = await database.execute<{ numbers: number[] }>(sql`
        SELECT ARRAY(
          SELECT number FROM generate_series(2, ${MAX_SUFFIX}) AS number
          WHERE NOT EXISTS (
            SELECT FROM ${links} WHERE ${links.domain} = wanted.domain AND ${links.code} = wanted.code || '-' || number)
          LIMIT wanted.count
        ) AS numbers
        FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(keys)}::jsonb)
          AS (${definitions(KEY_COLUMNS)}, count int)) WITH ORDINALITY AS wanted (domain, code, count, position)
        ORDER BY position`)
      return rows.map(({ numbers }) => numbers)
    },
  }
}

const MAX_SUFFIX = 10_000

const { domain, code, createdAt } = LINK_COLUMNS
const KEY_COLUMNS = { domain, code }
const INSERTED_COLUMNS = { ...KEY_COLUMNS, ...FIELD_COLUMNS }

/** In the order of the keys: two batches then lock rows in the same order and cannot deadlock. */
function writeStatement(
  drafts: readonly LinkDraft[],
  onTaken: 'keep' | Overwriting,
  step: WriteStep | null,
): SQL {
  const { claim, isDue, recorded, select } = recordedWrite(step)
  return sql`
    WITH ${claim} draft AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(drafts.map(draftRow))}::jsonb)
        AS draft (index int, ${definitions({ ...INSERTED_COLUMNS, createdAt, baseline: linkHits.baseline })})
      WHERE ${isDue}
    ), ${onTaken === 'restore' ? MADE_AGAIN : sql``} written AS (
      INSERT INTO ${links} (${names(INSERTED_COLUMNS)}, created_at)
      SELECT ${names(INSERTED_COLUMNS)}, coalesce(created_at, now()) FROM draft ORDER BY code, domain
      ON CONFLICT (code, domain) ${onTaken === 'keep' ? sql`DO NOTHING` : OVERWRITE}
      RETURNING *, xmax = 0 AS is_new
    ), counted AS (
      INSERT INTO ${linkHits} (link_id, baseline)
      SELECT id, baseline FROM written JOIN draft USING (domain, code) WHERE baseline IS NOT NULL
      ORDER BY id ON CONFLICT (link_id) DO UPDATE SET baseline = ${onTaken === 'restore' ? REST_OF_TOTAL : LESS_IMPORTED}
    ), ${TO_OUTBOX}, result AS (
      SELECT coalesce(json_agg(link), '[]') AS rows
      FROM (SELECT written.*, index, ${IS_FIRST} AS is_first FROM written JOIN draft USING (domain, code)) AS link
    ), ${recorded}
    ${select}`
}

/** A draft's own creation time lies before now(), which is the same all through the statement. */
const OVERWRITE = sql`DO UPDATE SET ${overwrites(FIELD_COLUMNS)},
  created_at = CASE WHEN excluded.created_at = now() THEN ${links.createdAt} ELSE excluded.created_at END,
  updated_at = now(), version = ${NEXT_VERSION}`

/**
 * What a total has beside the hits counted here; the baseline that is there already was part of it or came later. A link
 * that was made again since has counted none of the total's hits.
 */
const REST_OF_TOTAL = sql`greatest(link_hits.baseline, excluded.baseline -
  CASE WHEN excluded.link_id IN (SELECT id FROM made_again) THEN 0 ELSE link_hits.hits END)`

/**
 * Visits that were imported one by one are among the link's hits already, and part of the total that comes once more. Those
 * of days that were purged since are in the baseline that this one replaces.
 */
const LESS_IMPORTED = sql`greatest(excluded.baseline - (
      SELECT coalesce(sum(i.hits), 0) FROM ${importedDays} i
      WHERE i.link_id = excluded.link_id AND EXISTS (SELECT FROM ${linkDays} d WHERE d.link_id = i.link_id AND d.day = i.day)
    ), 0)`

/** A total was exported with the creation time of its link, to the millisecond. */
const MADE_AGAIN = sql`made_again AS MATERIALIZED (
      SELECT id FROM ${links} JOIN draft USING (code, domain)
      WHERE date_trunc('milliseconds', ${links.createdAt}) <> draft.created_at
    ),`

function draftRow({ index, domain, code, fields, createdAt, baseline }: LinkDraft): Record<string, unknown> {
  const inserted = byName(INSERTED_COLUMNS, { domain, code, ...fields })
  return { ...inserted, index, created_at: createdAt, baseline }
}
