/**
 * @module
 * How long registers live in Redis, and when they are refreshed.
 */
import type { CachedRegister, Register } from './register.ts'

/** After this long a register is refreshed from Postgres. A safety net: edits are published, not waited for. */
const SOFT_TTL_MS = 60 * 60 * 1000
/** Spread over the last tenth, so that registers loaded together do not expire together. */
const JITTER = 0.1
/** Until then a value that Postgres cannot refresh is still served (stale-if-error). */
export const VALUE_TTL_MS = 24 * 60 * 60 * 1000
/** That there is none is remembered for a short time only: anyone can ask for codes that do not exist. */
export const ABSENT_TTL_MS = 60 * 1000
/** Correct clocks differ by less. */
const CLOCK_MARGIN_MS = 10 * 60 * 1000
/** A register that soft-expired less than this ago is in use: it is served while one reader refreshes it. */
const REVALIDATE_WITHIN_MS = 60 * 1000

/** @param loadMs how long loading it took. */
export function withExpiry<Value>(
  register: Register<Value>,
  loadMs: number,
  now: number,
  random: () => number,
): CachedRegister<Value> {
  const softTtlMs = register.value === null ? ABSENT_TTL_MS : SOFT_TTL_MS * (1 - JITTER * random())
  return { ...register, softExpiresAt: Math.round(now + softTtlMs), loadMs: Math.round(loadMs) }
}

export type Freshness =
  /** Serve it. */
  | 'fresh'
  /** Serve it, and refresh it in the background. */
  | 'refresh-ahead'
  /** Refresh it first, but serve it if Postgres fails. */
  | 'stale'

/**
 * XFetch (Vattani, Chierichetti, Lowenstein: "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015), beta = 1:
 * each reader pretends to live -loadMs * ln(random) in the future, so one of many refreshes early and the rest do not.
 */
export function freshnessOf(register: CachedRegister<unknown>, now: number, random: () => number): Freshness {
  const { softExpiresAt, loadMs } = register
  // Only a writer whose clock is ahead writes that: it would be trusted for longer than anything is to be.
  if (softExpiresAt > now + SOFT_TTL_MS + CLOCK_MARGIN_MS) return 'stale'
  // 1 - random() is in (0, 1], which ln can take.
  if (now - loadMs * Math.log(1 - random()) < softExpiresAt) return 'fresh'
  return now < softExpiresAt + REVALIDATE_WITHIN_MS ? 'refresh-ahead' : 'stale'
}
