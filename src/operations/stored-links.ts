import type { Link, LinkKey } from '../links/link.ts'

/** Postgres, as operations read it. Every method throws `SourceUnavailable`. */
export interface StoredLinks {
  /** In the order of the keys, in one statement; `null` = there is no such link. */
  findMany(keys: readonly LinkKey[]): Promise<readonly (Link | null)[]>
  /** The keys of the links with the most hits, from the `offset`th on. */
  mostHit(limit: number, offset: number): Promise<readonly LinkKey[]>
}
