/**
 * @module
 * What reading from a replica does to the bound of 5 s (docs/guarantees.md).
 *
 * A plain read may show a register as it was up to `MAX_REPLICA_LAG_MS` ago. Everything else (leases, fills, publications,
 * the change log) is a script, and runs on the primary. With L for that lag, and an edit that Redis took at the time E:
 *
 * 1. A read at T that lacks the edit began before E + L. It is served at once: at most L after E.
 * 2. What it found counts as loaded at T - L, so its own 5 s end before E + 5 s.
 * 3. An isolate in sync serves it for longer, as long as the change log tells of nothing new. It tells of every edit by
 *    its name once: after the load, and then the entry is dropped; or before, and then the isolate remembers the version
 *    (for longer than L) and takes no older register: it reads again, from the primary.
 * 4. That leaves edits that the log did not tell by name: those before a gap, which is also how every isolate begins. So
 *    for L after a gap an isolate reads from the primary, and so it does if it had to forget versions that it was told.
 * 5. New links are not named if they are many, but nothing can be known of them except that they did not exist. What was
 *    found not to exist before the log told of new links, or less than L after, keeps to its own 5 s (1 and 2).
 *
 * A register that has expired is read again from the primary too, where it may have been refreshed.
 */

/**
 * Ten times a round trip between any two continents, and it leaves 2 s of memory to an isolate without news. Upstash
 * promises no bound: where a replica lags by more, edits show later by as much.
 */
export const MAX_REPLICA_LAG_MS = 3_000

/** What a load may make do with. */
export interface Need {
  /** A version of the key that is known to have been. */
  readonly atLeast: number
  /** Whether it may be as old as a replica is; otherwise it must be as of the load. */
  readonly mayLag: boolean
}

export interface Found<Value> {
  /** `null` = known not to exist. */
  readonly value: Value | null
  /** It is what was there at most so many milliseconds before the load began. */
  readonly lagMs: number
}

/** Where values are loaded from. */
export interface Origin<Key, Value> {
  /** @throws {SourceUnavailable} when it cannot tell. */
  find(key: Key, need: Need): Promise<Found<Value>>
}
