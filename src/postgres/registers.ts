/**
 * @module
 * What Postgres holds under the names of registers: links, and the settings of domains.
 */
import { eq, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { keyFromName } from '../links/register-key.ts'
import type { Edit } from '../registers/edit.ts'
import type { QueryBuilder } from './client.ts'
import { toLinkRecord } from './link-row.ts'
import { cacheOutbox, domains, links } from './schema.ts'

/** A name, and the version it has where there is nothing. */
export const NAMED = { name: cacheOutbox.name, version: cacheOutbox.version }

interface NamedRow {
  readonly named: { readonly name: string; readonly version: number }
  readonly link: typeof links.$inferSelect | null
  readonly settings: typeof domains.$inferSelect | null
}

/** Whether a row of `links` has a name. That of settings has no slash: it gives no code, and so no row. */
export const isLinkNamed = (name: SQLWrapper): SQL =>
  sql`${links.domain} = split_part(${name}, '/', 1) AND ${links.code} = substr(${name}, nullif(strpos(${name}, '/'), 0) + 1)`

/**
 * The rows of `names` (name, version, position), in the order of their positions, with what is there. LIMIT makes it a
 * look-up for each name; the planner would rather read all links and join them with a few hundred names.
 */
export function registersOf(db: QueryBuilder, names: SQL): PromiseLike<NamedRow[]> {
  const named = db.$with('named', NAMED).as(names)
  const link = db.select().from(links).where(isLinkNamed(named.name)).limit(1).as('link')
  const settings = db.select().from(domains).where(eq(domains.host, named.name)).limit(1).as('settings')
  return db
    .with(named)
    .select()
    .from(named)
    .leftJoinLateral(link, sql`true`)
    .leftJoinLateral(settings, sql`true`)
    .orderBy(sql`position`)
}

export function toEdit({ named, link, settings }: NamedRow): Edit {
  const key = keyFromName(named.name)
  if ('host' in key) return { ...key, version: settings?.version ?? named.version, settings }
  return { ...key, version: link?.version ?? named.version, link: link && toLinkRecord(link) }
}
