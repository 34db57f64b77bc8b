/**
 * @module
 * What an invocation may send: beyond that the platform refuses, as workerd does.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { countSubrequests, subrequestsSent } from '../../src/subrequests.ts'

const limits = new AsyncLocalStorage<number>()

/** Runs an invocation that may send this many requests to stores. */
export const invokeWithin = <Result>(limit: number, invocation: () => Result): Result =>
  limits.run(limit, () => countSubrequests(invocation))

/** To be called for each request that has been counted. */
export function refuseBeyondLimit(): void {
  const limit = limits.getStore()
  if (limit !== undefined && subrequestsSent() > limit) throw new Error('Too many subrequests.')
}
