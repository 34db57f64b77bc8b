import type { LinkRecord, RedirectStatus } from '../links/link.ts'

/** A row of `links` as Postgres's driver returns it, for statements that the query builder cannot write. */
export type LinkRow = {
  readonly id: string
  readonly domain: string
  readonly code: string
  readonly url: string
  readonly status: number
  readonly enabled: boolean
  readonly expires_at: string | null
  readonly forward_query: boolean
  readonly title: string | null
  readonly tags: readonly string[]
  readonly created_at: string
  readonly updated_at: string
  readonly version: string
}

export function linkFromRow(row: LinkRow): LinkRecord {
  const { id, domain, code, url, enabled, title, tags } = row
  return {
    id,
    domain,
    code,
    url,
    // The table's check constraint admits no other.
    status: row.status as RedirectStatus,
    enabled,
    expiresAt: row.expires_at === null ? null : Date.parse(row.expires_at),
    forwardQuery: row.forward_query,
    title,
    tags,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    version: Number(row.version),
  }
}
