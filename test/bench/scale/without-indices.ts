import type pg from 'pg'

/** The one whose keys refer to others' cannot lose its own. */
const KEEPS_KEYS = 'links'

/** Loads tables without their indices, then makes the same ones again. */
export async function withoutIndices(
  client: pg.Client,
  tables: readonly string[],
  load: () => Promise<void>,
): Promise<void> {
  const indices = async () => {
    const text = `
      SELECT c.relname AS "table", i.relname AS name, pg_get_indexdef(i.oid) AS definition, conname AS key,
        pg_get_constraintdef(k.oid) AS "keyDefinition"
      FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
      LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.conrelid = c.oid AND k.contype IN ('p', 'u')
      WHERE c.relname = ANY($1) AND (k.oid IS NULL OR c.relname <> $2) ORDER BY 1, 2`
    return (await client.query<Record<string, string | null>>(text, [tables, KEEPS_KEYS])).rows
  }
  const before = await indices()
  for (const { table, name, key } of before) {
    await client.query(
      key === null ? `DROP INDEX "${name}"` : `ALTER TABLE "${table}" DROP CONSTRAINT "${key}"`,
    )
  }
  await load()
  for (const { table, key, definition, keyDefinition } of before) {
    await client.query(
      key === null ? `${definition}` : `ALTER TABLE "${table}" ADD CONSTRAINT "${key}" ${keyDefinition}`,
    )
  }
  const after = await indices()
  if (JSON.stringify(after) !== JSON.stringify(before))
    throw new Error('The indices are not those of the migrations.')
}
