import { REDIRECT_STATUSES } from '../links/link.ts'
import type { Domain } from '../owners/domain-table.ts'

/** A row of `domains`. */
export interface DomainRow {
  readonly host: string
  readonly root_url: string | null
  readonly not_found_url: string | null
  readonly expired_url: string | null
  readonly default_status: number
  readonly robots: string
  readonly created_at: string
  readonly updated_at: string
  readonly version: string
}

export function domainFromRow(row: DomainRow): Domain {
  return {
    host: row.host,
    rootUrl: row.root_url,
    notFoundUrl: row.not_found_url,
    expiredUrl: row.expired_url,
    defaultStatus: REDIRECT_STATUSES.find((status) => status === row.default_status) ?? 302,
    robots: row.robots === 'disallow' ? row.robots : 'allow',
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    version: Number(row.version),
  }
}
