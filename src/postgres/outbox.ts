import { type SQL, sql } from 'drizzle-orm'
import { keyFromName, registerName } from '../links/register-key.ts'
import type { Edit } from '../registers/edit.ts'
import { type Outbox, SETTLED_FOR_MS } from '../registers/outbox.ts'
import type { Database } from './client.ts'
import { editFromRow, isLinkNamed, type RegisterRow, registersOf } from './registers.ts'
import { toOutbox } from './to-outbox.ts'

const SETTLED_FOR = sql`${SETTLED_FOR_MS / 1000}::integer * interval '1 second'`
/** What one statement does within its time-out. */
const MAX_REOPENED = 20_000

export function postgresOutbox(database: Database): Outbox {
  async function registers(named: SQL): Promise<readonly Edit[]> {
    return (await database.execute<RegisterRow>(registersOf(named))).map(editFromRow)
  }

  return {
    current: (keys) =>
      registers(sql`
        SELECT name, 0 AS version, position
        FROM jsonb_array_elements_text(${JSON.stringify(keys.map(registerName))}::jsonb) WITH ORDINALITY AS k (name, position)`),

    pending: (limit) =>
      registers(sql`
        SELECT name, version, created_at AS position FROM cache_outbox ORDER BY created_at LIMIT ${limit}`),

    async settle(edits, logId) {
      // Looked up one by one, for the same reason as in `registersOf`; locked in one order, like every write.
      const settled = edits.map((edit) => ({ name: registerName(edit), version: edit.version }))
      const rows = await database.execute<{ name: string; version: string }>(sql`
        WITH s AS MATERIALIZED (
          SELECT * FROM jsonb_to_recordset(${JSON.stringify(settled)}::jsonb) AS s (name text, version bigint)
        ), ranked AS (
          SELECT name, greatest(version, (SELECT version FROM cache_outbox WHERE name = s.name)) AS version,
            coalesce((SELECT version FROM links WHERE ${isLinkNamed(sql`s.name`)}),
              (SELECT version FROM domains WHERE host = s.name)) AS present
          FROM s
        ), outranked AS MATERIALIZED (
          SELECT name, version FROM ranked WHERE present < version
        ), locked AS MATERIALIZED (
          SELECT name FROM cache_outbox o JOIN s USING (name)
          WHERE o.version <= s.version AND NOT EXISTS (SELECT FROM outranked WHERE outranked.name = s.name)
          ORDER BY name FOR UPDATE OF o
        ), taken AS (
          DELETE FROM cache_outbox o USING locked l WHERE o.name = l.name RETURNING o.name, o.version
        ), kept AS (
          INSERT INTO settled_edits (name, version, log_id) SELECT name, version, ${logId}::text FROM taken
          ON CONFLICT (name) DO UPDATE SET version = excluded.version, log_id = excluded.log_id, settled_at = now()
        ), forgotten AS (
          DELETE FROM settled_edits WHERE name IN (
            SELECT name FROM settled_edits e
            WHERE settled_at < now() - ${SETTLED_FOR} AND NOT EXISTS (SELECT FROM cache_outbox WHERE name = e.name)
            ORDER BY settled_at LIMIT ${2 * edits.length} FOR UPDATE SKIP LOCKED)
        )
        SELECT name, version FROM outranked`)
      return rows.map(({ name, version }) => ({ key: keyFromName(name), version: Number(version) }))
    },

    async reopen(logged) {
      const [oldest] = logged
      if (oldest === undefined) return 0
      const rows = await database.execute(sql`
        INSERT INTO cache_outbox (name, version)
        SELECT name, version FROM settled_edits e
        WHERE settled_at > now() - ${SETTLED_FOR}
          AND split_part(log_id, '-', 1)::numeric > split_part(${oldest}::text, '-', 1)::numeric
          AND log_id NOT IN (SELECT jsonb_array_elements_text(${JSON.stringify(logged)}::jsonb))
          AND NOT EXISTS (SELECT FROM cache_outbox WHERE name = e.name)
        ORDER BY name LIMIT ${MAX_REOPENED}
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

    async bumpAbove(key, claimed) {
      const name = registerName(key)
      const isLink = 'code' in key
      const table = isLink ? sql`links` : sql`domains`
      const isKey = isLink
        ? sql`links.domain = ${key.domain} AND links.code = ${key.code}`
        : sql`domains.host = ${key.host}`
      // The sequence itself is behind only after a restore; setval never moves it back otherwise.
      const rows = await database.execute<RegisterRow>(sql`
        WITH existing AS (
          SELECT version FROM ${table} WHERE ${isKey} FOR UPDATE
        ), drawn AS MATERIALIZED (
          SELECT nextval('link_version_seq') AS version
          WHERE NOT EXISTS (SELECT FROM existing WHERE version >= ${claimed}::bigint)
        ), written AS MATERIALIZED (
          SELECT ${name}::text AS name, CASE WHEN version > ${claimed}::bigint THEN version
            ELSE setval('link_version_seq', ${claimed}::bigint + 1) END AS version
          FROM drawn
        ), raised AS (
          UPDATE ${table} SET version = written.version FROM written WHERE ${isKey} RETURNING ${table}.*
        ), ${toOutbox(sql`name`)}
        SELECT written.name, written.version, ${isLink ? sql`to_json(raised) AS link, NULL AS settings` : sql`NULL AS link, to_json(raised) AS settings`}
        FROM written LEFT JOIN raised ON true`)
      return rows[0] === undefined ? null : editFromRow(rows[0])
    },
  }
}
