import type { DomainSettings } from '../links/domain-settings.ts'

export interface Domain extends DomainSettings {
  /** Lower case; or `*`. */
  readonly host: string
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** The settings that owners have made. Every method throws `SourceUnavailable` when Postgres fails. */
export interface DomainStore {
  list(): Promise<readonly Domain[]>
  /** Resolves to `null` for a host without settings of its own. */
  get(host: string): Promise<Domain | null>
  /** Fills the outbox too; so does `delete`. */
  put(host: string, settings: DomainSettings): Promise<Domain>
  /** Resolves to the version of the deletion; `null` when there was nothing to delete. */
  delete(host: string): Promise<number | null>
}
