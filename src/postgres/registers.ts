/**
 * @module
 * What Postgres holds under the names of registers: links, and the settings of domains.
 */
import { type SQL, sql } from 'drizzle-orm'
import { keyFromName } from '../links/register-key.ts'
import type { Edit } from '../registers/edit.ts'
import { type DomainRow, domainFromRow } from './domains.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'

/** A row of `registersOf`. */
export interface RegisterRow {
  readonly name: string
  /** What `named` gave with the name. */
  readonly version: string
  /** As JSON. */
  readonly link: LinkRow | null
  readonly settings: DomainRow | null
}

/** Whether a row of `links` has a name. That of settings has no slash: it gives no code, and so no row. */
export const isLinkNamed = (name: SQL): SQL =>
  sql`links.domain = split_part(${name}, '/', 1) AND links.code = substr(${name}, nullif(strpos(${name}, '/'), 0) + 1)`

/**
 * The rows of `named` (name, version, position), in the order of their positions, with what is there. OFFSET 0 makes it a
 * look-up for each name; the planner would rather read all links and join them with a few hundred names.
 */
export const registersOf = (named: SQL): SQL => sql`
  SELECT n.name, n.version, to_json(l) AS link, to_json(d) AS settings FROM (${named}) AS n
  LEFT JOIN LATERAL (SELECT * FROM links WHERE ${isLinkNamed(sql`n.name`)} OFFSET 0) AS l ON true
  LEFT JOIN LATERAL (SELECT * FROM domains WHERE domains.host = n.name OFFSET 0) AS d ON true
  ORDER BY n.position`

export function editFromRow({ name, version, link: linkRow, settings: settingsRow }: RegisterRow): Edit {
  const key = keyFromName(name)
  if ('code' in key) {
    const link = linkRow === null ? null : linkFromRow({ ...linkRow, id: String(linkRow.id) })
    return { ...key, version: link?.version ?? Number(version), link }
  }
  const settings = settingsRow === null ? null : domainFromRow(settingsRow)
  return { ...key, version: settings?.version ?? Number(version), settings }
}
