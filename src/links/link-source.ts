import type { Link, LinkKey } from './link.ts'

/** Anything that links can be looked up in. Cache tiers decorate the source behind them. */
export interface LinkSource {
  /**
   * Resolves to the link, or to `null` when the key is known not to exist.
   * @param atLeast a version of the key that is known to have been: a cache that has an older one asks the source behind
   * it. The last source answers what it has, older or not.
   * @throws {SourceUnavailable} when it cannot tell.
   */
  find(key: LinkKey, atLeast?: number): Promise<Link | null>
}
