import { keyFromName, type RegisterKey, registerName } from '../links/register-key.ts'

/** Every key that linkr has in Redis. */
export interface Keys {
  /** The register of a link or of a domain's settings. */
  readonly register: (key: RegisterKey) => string
  /** A glob that every register's key matches, and some other keys do. */
  readonly registerPattern: string
  /** What `key` is the register of; `null` = it is no register's. */
  readonly registerKey: (key: string) => RegisterKey | null
  /** Held by the reader that may fill that register. */
  readonly lease: (key: RegisterKey) => string
  /** Stream of edits, capped. */
  readonly changes: string
  /** Hash of link id -> hits, the segment that is being filled; its field `#` is its batch id. */
  readonly hits: string
  /** List of the batch ids of sealed segments, oldest first. */
  readonly sealedHits: string
  /** Followed by a batch id: the hash of that sealed segment. */
  readonly sealedHitsPrefix: string
  /** The batch id of the segment that was released last, for a while. */
  readonly releasedHits: string
  /** Sorted set of isolate -> sequence number of its newest commit. */
  readonly hitWriters: string
  /** There for as long as no reconciliation is due. */
  readonly reconciled: string
  /** Where the next reconciliation goes on: a SCAN cursor. */
  readonly reconcileCursor: string
  /** Where a full reconciliation that did not reach its end goes on, for a while. */
  readonly fullReconcileCursor: string
}

/** The version stands for the format of what is stored: raise it when an older Worker could not read the newer one's. */
const FORMAT = 'v1'

export function createKeys(prefix: string): Keys {
  const root = `${prefix}${FORMAT}:`
  return {
    register: (key) => `${root}${'code' in key ? 'link' : 'settings'}:${registerName(key)}`,
    registerPattern: `${root}[ls]*:*`,
    registerKey(key) {
      const [, name] = /^(?:link|settings):(.+)$/.exec(key.slice(root.length)) ?? []
      return name === undefined ? null : keyFromName(name)
    },
    lease: (key) => `${root}lease:${registerName(key)}`,
    changes: `${root}changes`,
    hits: `${root}hits`,
    sealedHits: `${root}hits:sealed`,
    sealedHitsPrefix: `${root}hits:sealed:`,
    releasedHits: `${root}hits:released`,
    hitWriters: `${root}hits:writers`,
    reconciled: `${root}reconciled`,
    reconcileCursor: `${root}reconcile:cursor`,
    fullReconcileCursor: `${root}reconcile:full`,
  }
}
