import { keyFromName, type RegisterKey, registerName } from '../links/register-key.ts'

/** The version stands for the format of what is stored: raise it when an older Worker could not read the newer one's. */
const FORMAT = 'v1'

export type Keys = ReturnType<typeof createKeys>

/** Every key that linkr has in Redis. */
export function createKeys(prefix: string) {
  const root = `${prefix}${FORMAT}:`
  return {
    /** The register of a link or of a domain's settings. */
    register: (key: RegisterKey): string =>
      `${root}${'code' in key ? 'link' : 'settings'}:${registerName(key)}`,
    /** A glob that every register's key matches, and some other keys do. */
    registerPattern: `${root}[ls]*:*`,
    /** What `key` is the register of; `null` = it is no register's. */
    registerKey(key: string): RegisterKey | null {
      const [, name] = /^(?:link|settings):(.+)$/.exec(key.slice(root.length)) ?? []
      return name === undefined ? null : keyFromName(name)
    },
    /** Held by the reader that may fill that register. */
    lease: (key: RegisterKey): string => `${root}lease:${registerName(key)}`,
    /** Stream of edits, capped. */
    changes: `${root}changes`,
    /** The segment of hits that is being filled: see hit-segment.ts. */
    hits: `${root}hits`,
    /** What its visits were, as text: see visit-lines.ts. */
    hitVisits: `${root}hits:visits`,
    /** List of the ids of sealed segments, oldest first. */
    sealedHits: `${root}hits:sealed`,
    /** Followed by the id of a sealed segment: that segment; with `VISITS_OF_SEALED` after that: the text of its visits. */
    sealedHitsPrefix: `${root}hits:sealed:`,
    /** The id of the segment that was released last, for a while. */
    releasedHits: `${root}hits:released`,
    /** Sorted set of isolate -> sequence number of its newest commit. */
    hitWriters: `${root}hits:writers`,
    /** What that was when a segment was sealed last. */
    sealedWriters: `${root}hits:writers:sealed`,
    /** The key of visitors' numbers of a day, in days since the epoch, for 48 h. */
    visitorKey: (day: number): string => `${root}visitors:${day}`,
    /** There for as long as no reconciliation is due. */
    reconciled: `${root}reconciled`,
    /** Where the next reconciliation goes on: a SCAN cursor. */
    reconcileCursor: `${root}reconcile:cursor`,
    /** Where a full reconciliation that did not reach its end goes on, for a while. */
    fullReconcileCursor: `${root}reconcile:full`,
  } as const
}
