import { count, eq, getTableColumns, min, type SQL, sql } from 'drizzle-orm'
import { keyFromName, registerName } from '../links/register-key.ts'
import type { Edit } from '../registers/edit.ts'
import type { Outbox } from '../registers/outbox.ts'
import type { Database } from './client.ts'
import { NEXT_VERSION } from './expressions.ts'
import { LINK_COLUMNS } from './link-columns.ts'
import { isLinkNamed, NAMED, registersOf, toEdit } from './registers.ts'
import { cacheOutbox, domains, links, settledEdits } from './schema.ts'
import { SETTLED_FOR, toOutbox } from './to-outbox.ts'

/** What one statement does within its time-out. */
const MAX_REOPENED = 20_000

export function postgresOutbox(database: Database): Outbox {
  const registers = async (names: SQL): Promise<readonly Edit[]> =>
    (await database.run((db) => registersOf(db, names))).map(toEdit)

  return {
    current: (keys) =>
      registers(sql`
        SELECT name, 0 AS version, position
        FROM jsonb_array_elements_text(${JSON.stringify(keys.map(registerName))}::jsonb) WITH ORDINALITY AS k (name, position)`),

    pending: (limit) =>
      registers(sql`
        SELECT name, version, created_at AS position FROM ${cacheOutbox} ORDER BY created_at LIMIT ${limit}`),

    async settle(edits, logId) {
      // Looked up one by one, for the same reason as in `registersOf`; locked in one order, like every write. What is
      // forgotten is chosen first: which of it is in the outbox again, and kept, would be a join that reads all of both.
      const settled = edits.map((edit) => ({ name: registerName(edit), version: edit.version }))
      const rows = await database.execute<{ name: string; version: string }>(sql`
        WITH s AS MATERIALIZED (
          SELECT * FROM jsonb_to_recordset(${JSON.stringify(settled)}::jsonb) AS s (name text, version bigint)
        ), ranked AS (
          SELECT name, greatest(version, (SELECT version FROM ${cacheOutbox} WHERE name = s.name)) AS version,
            coalesce((SELECT version FROM ${links} WHERE ${isLinkNamed(sql`s.name`)}),
              (SELECT version FROM ${domains} WHERE host = s.name)) AS present
          FROM s
        ), outranked AS MATERIALIZED (
          SELECT name, version FROM ranked WHERE present < version
        ), locked AS MATERIALIZED (
          SELECT name FROM ${cacheOutbox} o JOIN s USING (name)
          WHERE o.version <= s.version AND NOT EXISTS (SELECT FROM outranked WHERE outranked.name = s.name)
          ORDER BY name FOR UPDATE OF o
        ), taken AS (
          DELETE FROM ${cacheOutbox} o USING locked l WHERE o.name = l.name RETURNING o.name, o.version
        ), kept AS (
          INSERT INTO ${settledEdits} (name, version, log_id) SELECT name, version, ${logId}::text FROM taken
          ON CONFLICT (name) DO UPDATE SET version = excluded.version, log_id = excluded.log_id, settled_at = now()
        ), aged AS MATERIALIZED (
          SELECT name FROM ${settledEdits} WHERE settled_at < now() - ${SETTLED_FOR}
          ORDER BY settled_at LIMIT ${2 * edits.length}
        ), forgotten AS (
          DELETE FROM ${settledEdits} WHERE name IN (
            SELECT name FROM ${settledEdits} e
            WHERE name IN (SELECT name FROM aged) AND settled_at < now() - ${SETTLED_FOR}
              AND (SELECT version FROM ${cacheOutbox} WHERE name = e.name) IS NULL
            FOR UPDATE SKIP LOCKED)
        )
        SELECT name, version FROM outranked`)
      return rows.map(({ name, version }) => ({ key: keyFromName(name), version: Number(version) }))
    },

    async reopen(logged) {
      const [oldest] = logged
      if (oldest === undefined) return 0
      const rows = await database.execute(sql`
        INSERT INTO ${cacheOutbox} (name, version)
        SELECT name, version FROM ${settledEdits} e
        WHERE settled_at > now() - ${SETTLED_FOR}
          AND split_part(log_id, '-', 1)::numeric > split_part(${oldest}::text, '-', 1)::numeric
          AND log_id NOT IN (SELECT jsonb_array_elements_text(${JSON.stringify(logged)}::jsonb))
          AND NOT EXISTS (SELECT FROM ${cacheOutbox} WHERE name = e.name)
        ORDER BY name LIMIT ${MAX_REOPENED}
        ON CONFLICT DO NOTHING RETURNING 1`)
      return rows.length
    },

    async depth() {
      const columns = { depth: count(), oldestAt: min(cacheOutbox.createdAt) }
      const [row] = await database.run((db) => db.select(columns).from(cacheOutbox))
      return row ?? { depth: 0, oldestAt: null }
    },

    async bumpAbove(key, claimed) {
      const [row] = await database.run((db) => {
        const name = sql`${registerName(key)}::text`
        const isLink = isLinkNamed(name)
        const isHost = eq(domains.host, name)
        const link = db.select({ version: links.version }).from(links).where(isLink)
        const settings = db.select({ version: domains.version }).from(domains).where(isHost)
        // The sequence itself is behind only after a restore; setval never moves it back otherwise.
        const written = db.$with('written', NAMED).as(sql`
          WITH link AS ${link.for('update')}, settings AS ${settings.for('update')}, drawn AS MATERIALIZED (
            SELECT ${NEXT_VERSION} AS version WHERE NOT EXISTS (
              SELECT FROM (TABLE link UNION ALL TABLE settings) AS existing WHERE version >= ${claimed}::bigint)
          )
          SELECT ${name} AS name, CASE WHEN version > ${claimed}::bigint THEN version
            ELSE setval('link_version_seq', ${claimed}::bigint + 1) END AS version
          FROM drawn`)
        const raised = { version: sql`${written.version}` }
        const raiseLink = db.update(links).set(raised).from(written).where(isLink).returning(LINK_COLUMNS)
        const raiseSettings = db.update(domains).set(raised).from(written).where(isHost)
        const raisedLink = db.$with('link').as(raiseLink)
        const raisedSettings = db.$with('settings').as(raiseSettings.returning(getTableColumns(domains)))
        const rows = db.with(written, raisedLink, raisedSettings, toOutbox(sql`name`)).select().from(written)
        return rows.leftJoin(raisedLink, sql`true`).leftJoin(raisedSettings, sql`true`)
      })
      return row === undefined ? null : toEdit({ ...row, named: row.written })
    },
  }
}
