import { DrizzleQueryError } from 'drizzle-orm'
import { BreakerOpen } from '../breaker.ts'
import { SourceUnavailable } from '../errors.ts'
import { isSubrequestLimit } from '../subrequest-limit.ts'

/**
 * SQLSTATE classes that say "not now": connection exceptions, transactions rolled back (a deadlock of two bulk writes),
 * insufficient resources, operator intervention.
 */
const UNAVAILABLE = /^(?:08|40|53|57)/

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

/** Runs what can be done twice again if Postgres did not answer; a time-out has taken long enough. */
export async function retrying<T>(retries: number, work: () => Promise<T>): Promise<T> {
  for (let retriesLeft = retries; ; retriesLeft--) {
    try {
      return await work()
    } catch (error) {
      if (retriesLeft === 0 || !(error instanceof SourceUnavailable) || !error.wasSent || isTimeout(error))
        throw error
    }
  }
}

/** Serialization failure, deadlock. */
const ROLLED_BACK = /^(?:40001|40P01)$/
/** The transactions that won are done by then, or it is no coincidence. */
const MAX_ROLLBACKS = 3

/**
 * Runs a transaction again that Postgres rolled back in favour of another one: nothing of it happened. Writes lock rows
 * in one order (links by code and domain, then their hits by link, then the outbox by name), so this is left
 * to what cannot: a flush, say, that meets a bulk deletion.
 */
export async function againIfRolledBack<T>(work: () => Promise<T>): Promise<T> {
  for (let rollbacks = 0; ; rollbacks++) {
    try {
      return await work()
    } catch (error) {
      if (rollbacks === MAX_ROLLBACKS || !ROLLED_BACK.test(sqlState(error) ?? '')) throw error
    }
  }
}

/** An error and what caused it. The driver gives the error of `fetch` in a field of its own. */
function causes(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  return [error, ...causes(error.cause), ...('sourceError' in error ? causes(error.sourceError) : [])]
}

const isTimeout = (error: unknown): boolean => causes(error).some(({ name }) => name === 'TimeoutError')

/** What let nothing through to Postgres: the circuit breaker or the platform. */
const findBarrier = (error: unknown): Error | undefined =>
  causes(error).find((cause) => cause instanceof BreakerOpen || isSubrequestLimit(cause))

/**
 * What a failed statement means: `SourceUnavailable` when Postgres did not answer or cannot now, else the SQL error.
 * Drizzle's own error is left out: its message holds the statement and its parameters.
 */
export function postgresFailure(failure: unknown): unknown {
  const error = failure instanceof DrizzleQueryError ? failure.cause : failure
  const state = sqlState(error)
  if (state !== null && !UNAVAILABLE.test(state)) return error
  const barrier = findBarrier(error)
  return new SourceUnavailable('postgres', barrier ?? error, barrier === undefined)
}
