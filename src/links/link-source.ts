import type { Link, LinkKey } from './link.ts'

/** Anything that links can be looked up in. Cache tiers decorate the source behind them. */
export interface LinkSource {
  /**
   * Resolves to the link, or to `null` when the key is known not to exist.
   * @throws {SourceUnavailable} when it cannot tell.
   */
  find(key: LinkKey): Promise<Link | null>
}
