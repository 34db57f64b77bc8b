import type { LinkKey } from '../links/link.ts'

/** Every key that linkr has in Redis. */
export interface Keys {
  /** The register of one link. Neither part can contain `:`, and `domain` no `/`, so names never clash. */
  readonly link: (key: LinkKey) => string
  /** Hash of link id -> hits, the segment that is being filled; its field `#` is its batch id. */
  readonly hits: string
  /** List of the batch ids of sealed segments, oldest first. */
  readonly sealedHits: string
  /** Followed by a batch id: the hash of that sealed segment. */
  readonly sealedHitsPrefix: string
  /** Sorted set of isolate -> sequence number of its newest commit. */
  readonly hitWriters: string
}

/** The version stands for the format of what is stored: raise it when an older Worker could not read the newer one's. */
const FORMAT = 'v1'

export function createKeys(prefix: string): Keys {
  const root = `${prefix}${FORMAT}:`
  return {
    link: ({ domain, code }) => `${root}link:${domain}/${code}`,
    hits: `${root}hits`,
    sealedHits: `${root}hits:sealed`,
    sealedHitsPrefix: `${root}hits:sealed:`,
    hitWriters: `${root}hits:writers`,
  }
}
