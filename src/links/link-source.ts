import type { Link, LinkKey } from './link.ts'

/** Anything that values can be looked up in by their keys. Cache tiers decorate the source behind them. */
export interface Source<Key, Value> {
  /**
   * Resolves to the value, or to `null` when the key is known not to exist.
   * @param atLeast a version of the key that is known to have been: a cache that has an older one asks the source behind
   * it. The last source answers what it has, older or not.
   * @throws {SourceUnavailable} when it cannot tell.
   */
  find(key: Key, atLeast?: number): Promise<Value | null>
}

export type LinkSource = Source<LinkKey, Link>
