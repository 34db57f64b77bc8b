/**
 * @module
 * How many requests to the stores the invocation under way has sent, and how many it may still send. Cloudflare counts
 * them per invocation, background work and retries included, while an isolate serves many invocations at once: so the
 * count travels with the asynchronous context. Redirects are not counted: there, nothing is ever used up.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export interface Budget {
  /** Requests that work which can stop may still send; 0 or less = stop here. */
  readonly left: () => number
}

const invocations = new AsyncLocalStorage<{ sent: number }>()

/** Runs an invocation whose requests are counted, those of its background work too. */
export const countSubrequests = <Result>(invocation: () => Result): Result =>
  invocations.run({ sent: 0 }, invocation)

/**
 * As `countSubrequests`, but as a part of an invocation that is counted already. For work in the background of a redirect
 * that could otherwise leave nothing to the commit of its hits.
 */
export const countedWork = <Result>(work: () => Result): Result =>
  invocations.getStore() === undefined ? countSubrequests(work) : work()

/** To be called for each request, right before it is sent. */
export function noteSubrequest(): void {
  const invocation = invocations.getStore()
  if (invocation !== undefined) invocation.sent++
}

export const subrequestsSent = (): number => invocations.getStore()?.sent ?? 0

/**
 * For what an invocation does besides work that can stop (notes the use of a key, stores a response, settles edits in
 * the background), and for retries.
 */
const reserveOf = (limit: number): number => Math.min(5, Math.floor(limit / 10))

/** @param limit of the platform, for one invocation. */
export const createBudget = (limit: number): Budget => ({
  left: () => limit - reserveOf(limit) - subrequestsSent(),
})

/** The same budget, less what is to be left to others. */
export const leaving = (requests: number, { left }: Budget): Budget => ({ left: () => left() - requests })
