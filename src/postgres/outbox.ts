import { sql } from 'drizzle-orm'
import type { LinkKey, LinkRecord } from '../links/link.ts'
import { type Outbox, SETTLED_FOR_MS } from '../registers/outbox.ts'
import type { Edit } from '../registers/register-store.ts'
import type { Database } from './client.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import { registerOf } from './register-of.ts'
import { TO_OUTBOX } from './to-outbox.ts'

const SETTLED_FOR = sql`${SETTLED_FOR_MS / 1000}::integer * interval '1 second'`
/** What one statement does within its time-out. */
const MAX_REOPENED = 20_000

/** A key of the outbox, and the link there if there is one. */
type PendingRow = {
  readonly outbox_domain: string
  readonly outbox_code: string
  readonly outbox_version: string
} & (LinkRow | { readonly id: null })

export function postgresOutbox(database: Database): Outbox {
  async function find({ domain, code }: LinkKey): Promise<LinkRecord | null> {
    const rows = await database.execute<LinkRow>(
      sql`SELECT * FROM registers WHERE domain = ${domain} AND code = ${code}`,
    )
    return rows[0] === undefined ? null : linkFromRow(rows[0])
  }

  return {
    async pending(limit) {
      const rows = await database.execute<PendingRow>(sql`
        SELECT o.domain AS outbox_domain, o.code AS outbox_code, o.version AS outbox_version, l.*
        FROM (SELECT * FROM cache_outbox ORDER BY created_at LIMIT ${limit}) AS o
        LEFT JOIN LATERAL ${registerOf(sql`o.domain`, sql`o.code`)} AS l ON true
        ORDER BY o.created_at`)
      return rows.map((row): Edit => {
        const key = { domain: row.outbox_domain, code: row.outbox_code }
        if (row.id === null) return { key, register: { version: Number(row.outbox_version), link: null } }
        const link = linkFromRow(row)
        return { key, register: { version: link.version, link } }
      })
    },

    async settle(edits, logId) {
      // Looked up one by one, for the same reason as in `registerOf`; locked in one order, like every write.
      const settled = edits.map(({ key, register: { version } }) => ({ ...key, version }))
      const rows = await database.execute<{ domain: string; code: string; version: string }>(sql`
        WITH s AS MATERIALIZED (
          SELECT * FROM jsonb_to_recordset(${JSON.stringify(settled)}::jsonb)
            AS s (domain text, code text, version bigint)
        ), ranked AS (
          SELECT domain, code,
            greatest(version, (SELECT version FROM cache_outbox WHERE domain = s.domain AND code = s.code)) AS version,
            (SELECT version FROM registers WHERE domain = s.domain AND code = s.code) AS present
          FROM s
        ), outranked AS MATERIALIZED (
          SELECT domain, code, version FROM ranked WHERE present < version
        ), locked AS MATERIALIZED (
          SELECT o.domain, o.code FROM cache_outbox o JOIN s ON o.domain = s.domain AND o.code = s.code
          WHERE o.version <= s.version AND NOT EXISTS (SELECT FROM outranked WHERE domain = s.domain AND code = s.code)
          ORDER BY o.code, o.domain FOR UPDATE OF o
        ), taken AS (
          DELETE FROM cache_outbox o USING locked l WHERE o.domain = l.domain AND o.code = l.code
          RETURNING o.domain, o.code, o.version
        ), kept AS (
          INSERT INTO settled_edits (domain, code, version, log_id) SELECT domain, code, version, ${logId}::text FROM taken
          ON CONFLICT (domain, code) DO UPDATE
            SET version = excluded.version, log_id = excluded.log_id, settled_at = now()
        ), forgotten AS (
          DELETE FROM settled_edits WHERE (domain, code) IN (
            SELECT domain, code FROM settled_edits e
            WHERE settled_at < now() - ${SETTLED_FOR} AND NOT EXISTS (
              SELECT FROM cache_outbox WHERE domain = e.domain AND code = e.code)
            ORDER BY settled_at LIMIT ${2 * edits.length} FOR UPDATE SKIP LOCKED)
        )
        SELECT domain, code, version FROM outranked`)
      return rows.map(({ domain, code, version }) => ({ key: { domain, code }, version: Number(version) }))
    },

    async reopen(logged) {
      const [oldest] = logged
      if (oldest === undefined) return 0
      const rows = await database.execute(sql`
        INSERT INTO cache_outbox (domain, code, version)
        SELECT domain, code, version FROM settled_edits e
        WHERE settled_at > now() - ${SETTLED_FOR}
          AND split_part(log_id, '-', 1)::numeric > split_part(${oldest}::text, '-', 1)::numeric
          AND log_id NOT IN (SELECT jsonb_array_elements_text(${JSON.stringify(logged)}::jsonb))
          AND NOT EXISTS (SELECT FROM cache_outbox WHERE domain = e.domain AND code = e.code)
        ORDER BY code, domain LIMIT ${MAX_REOPENED}
        ON CONFLICT DO NOTHING RETURNING 1`)
      return rows.length
    },

    async depth() {
      const rows = await database.execute<{ depth: string; oldest_at: string | null }>(
        sql`SELECT count(*) AS depth, min(created_at) AS oldest_at FROM cache_outbox`,
      )
      const oldestAt = rows[0]?.oldest_at ?? null
      return { depth: Number(rows[0]?.depth ?? 0), oldestAt: oldestAt === null ? null : new Date(oldestAt) }
    },

    async overrule({ domain, code }, claimed) {
      const isSettings = code === ''
      const table = isSettings ? sql`domains` : sql`links`
      const isKey = isSettings
        ? sql`domains.host = ${domain}`
        : sql`links.domain = ${domain} AND links.code = ${code}`
      // The sequence itself is behind only after a restore; setval never moves it back otherwise.
      const rows = await database.execute<{ raised: string } & (LinkRow | { readonly id: null })>(sql`
        WITH existing AS (
          SELECT version FROM ${table} WHERE ${isKey} FOR UPDATE
        ), drawn AS MATERIALIZED (
          SELECT nextval('link_version_seq') AS version
          WHERE NOT EXISTS (SELECT FROM existing WHERE version >= ${claimed}::bigint)
        ), written AS MATERIALIZED (
          SELECT ${domain}::text AS domain, ${code}::text AS code, CASE WHEN version > ${claimed}::bigint THEN version
            ELSE setval('link_version_seq', ${claimed}::bigint + 1) END AS version
          FROM drawn
        ), raised AS (
          UPDATE ${table} SET version = written.version FROM written WHERE ${isKey}
          RETURNING ${isSettings ? sql`NULL AS id` : sql`links.*`}
        ), ${TO_OUTBOX}
        SELECT written.version AS raised, raised.* FROM written LEFT JOIN raised ON true`)
      const row = rows[0]
      if (row === undefined) return null
      const key = { domain, code }
      const current = isSettings ? await find(key) : row.id === null ? null : linkFromRow(row)
      return { key, register: { version: current?.version ?? Number(row.raised), link: current } }
    },
  }
}
