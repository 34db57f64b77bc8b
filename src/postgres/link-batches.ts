import { type SQL, sql } from 'drizzle-orm'
import type { BulkStore, LinkDraft, Overwriting } from '../owners/bulk-store.ts'
import { ClaimLost, type WriteStep } from '../owners/write-step.ts'
import { postgresBulkEdits } from './bulk-edits.ts'
import type { Database } from './client.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import { recordedWrite } from './recorded-write.ts'
import { TO_OUTBOX } from './to-outbox.ts'

interface WriteAnswer {
  /** As JSON, so that they can be recorded. */
  readonly rows: readonly (LinkRow & { readonly index: number; readonly is_new: boolean })[]
  readonly is_repeated: boolean
}

export function postgresLinkBatches(database: Database): BulkStore {
  return {
    ...postgresBulkEdits(database),

    async write(drafts, onTaken, step) {
      const [answer] = await database.execute<WriteAnswer>(writeStatement(drafts, onTaken, step))
      if (answer === undefined) throw new ClaimLost()
      const { rows, is_repeated: isRepeated } = answer
      return rows.map(({ index, is_new: isNew, ...row }) => {
        return { ...linkFromRow({ ...row, id: String(row.id) }), index, isNew, isRepeated }
      })
    },

    taken: (keys) =>
      database.execute<{ domain: string; code: string; url: string }>(sql`
        SELECT links.domain, links.code, links.url
        FROM jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) AS wanted (domain text, code text)
        JOIN links ON links.code = wanted.code AND links.domain = wanted.domain`),

    async freeSuffixes(keys) {
      // As many numbers as there are links could be taken, but each one that is tried costs a look into the index.
      const rows = await database.execute<{ numbers: number[] }>(sql`
        SELECT ARRAY(
          SELECT number FROM generate_series(2, ${MAX_SUFFIX}) AS number
          WHERE NOT EXISTS (SELECT FROM links WHERE domain = wanted.domain AND code = wanted.code || '-' || number)
          LIMIT wanted.count
        ) AS numbers
        FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(keys)}::jsonb)
          AS (domain text, code text, count int)) WITH ORDINALITY AS wanted (domain, code, count, position)
        ORDER BY position`)
      return rows.map(({ numbers }) => numbers)
    },
  }
}

const MAX_SUFFIX = 10_000

/** In the order of the keys: two batches then lock rows in the same order and cannot deadlock. */
export function writeStatement(
  drafts: readonly LinkDraft[],
  onTaken: 'keep' | Overwriting,
  step: WriteStep | null,
): SQL {
  const { claim, isDue, recorded, select } = recordedWrite(step)
  return sql`
    WITH ${claim} draft AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(drafts.map(draftRow))}::jsonb) AS draft (
        index int, domain text, code text, url text, status smallint, enabled boolean, expires_at timestamptz,
        forward_query boolean, title text, tags text[], created_at timestamptz, baseline bigint)
      WHERE ${isDue}
    ), ${onTaken === 'restore' ? MADE_AGAIN : sql``} written AS (
      INSERT INTO links
        (domain, code, url, status, enabled, expires_at, forward_query, title, tags, created_at)
      SELECT domain, code, url, status, enabled, expires_at, forward_query, title, tags, coalesce(created_at, now())
      FROM draft ORDER BY code, domain
      ON CONFLICT (code, domain) ${onTaken === 'keep' ? sql`DO NOTHING` : OVERWRITE}
      RETURNING *, xmax = 0 AS is_new
    ), counted AS (
      INSERT INTO link_hits (link_id, baseline)
      SELECT id, baseline FROM written JOIN draft USING (domain, code) WHERE baseline IS NOT NULL
      ORDER BY id ON CONFLICT (link_id) DO UPDATE SET baseline = ${onTaken === 'restore' ? REST_OF_TOTAL : sql`excluded.baseline`}
    ), ${TO_OUTBOX}, answer AS (
      SELECT coalesce(json_agg(link), '[]') AS rows
      FROM (SELECT written.*, index FROM written JOIN draft USING (domain, code)) AS link
    ), ${recorded}
    ${select}`
}

/** A draft's own creation time lies before now(), which is the same all through the statement. */
const OVERWRITE = sql`DO UPDATE SET
  url = excluded.url, status = excluded.status, enabled = excluded.enabled, expires_at = excluded.expires_at,
  forward_query = excluded.forward_query, title = excluded.title, tags = excluded.tags,
  created_at = CASE WHEN excluded.created_at = now() THEN links.created_at ELSE excluded.created_at END,
  updated_at = now(), version = nextval('link_version_seq')`

/**
 * What a total has beside the hits counted here; the baseline that is there already was part of it or came later. A link
 * that was made again since has counted none of the total's hits.
 */
const REST_OF_TOTAL = sql`greatest(link_hits.baseline, excluded.baseline -
  CASE WHEN excluded.link_id IN (SELECT id FROM made_again) THEN 0 ELSE link_hits.hits END)`

/** A total was exported with the creation time of its link, to the millisecond. */
const MADE_AGAIN = sql`made_again AS MATERIALIZED (
      SELECT id FROM links JOIN draft USING (code, domain)
      WHERE date_trunc('milliseconds', links.created_at) <> draft.created_at
    ),`

function draftRow({ index, domain, code, fields, createdAt, baseline }: LinkDraft): Record<string, unknown> {
  const { url, status, enabled, expiresAt, forwardQuery, title, tags } = fields
  const links = { index, domain, code, url, status, enabled, expires_at: expiresAt, title, tags }
  return { ...links, forward_query: forwardQuery, created_at: createdAt, baseline }
}
