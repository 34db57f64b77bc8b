import { SourceUnavailable } from '../errors.ts'

/** SQLSTATE classes that say "not now": connection exceptions, insufficient resources, operator intervention. */
const UNAVAILABLE = /^(?:08|53|57)/

/** The SQLSTATE somewhere down the chain of causes; `null` when Postgres never answered. */
export function sqlState(error: unknown): string | null {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string' && /^[0-9A-Z]{5}$/.test(current.code)) {
      return current.code
    }
  }
  return null
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505'
}

/** @throws {SourceUnavailable} when Postgres did not answer or cannot now; an SQL error comes through as it is. */
export async function guardPostgres<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const state = sqlState(error)
    throw state === null || UNAVAILABLE.test(state) ? new SourceUnavailable('postgres', error) : error
  }
}
