import { type Link, type LinkKey, linkName } from '../../src/links/link.ts'
import type { InMemoryPostgres, State } from './in-memory-postgres.ts'

/** No edge location serves the old link for longer than this. */
const BOUND_MS = 5_000

/** A location that reaches neither store serves what it remembers for that long. */
const REMEMBERED_MS = 60 * 60 * 1000

/** What readers may see, from what owners were told. */
export interface Journal {
  acknowledge(key: LinkKey, state: State): void
  /** Redis has taken this version. */
  publish(key: LinkKey, version: number): void
  /** Redis is about to be remembered as it is; the result is called when it has gone back to that. */
  remember(): () => void
  /** What a read that began at `since` may have found, newest last. */
  allowed(key: LinkKey, since: number): readonly State[]
  /** The same for a read that reached neither store. */
  rememberable(key: LinkKey, since: number): readonly State[]
}

interface Entry {
  readonly name: string
  /** Position in the key's history. */
  readonly index: number
  readonly at: number
}

export function createJournal(postgres: InMemoryPostgres, now: () => number): Journal {
  const acknowledged: Entry[] = []
  let published: readonly Entry[] = []

  const entry = (key: LinkKey, version: number): Entry => {
    const index = postgres.history(key).findLastIndex((state) => state.version === version)
    return { name: linkName(key), index, at: now() }
  }
  /**
   * When the bound of an acknowledged edit began: once Redis had it, or a later one. A code that is taken again while its
   * link is being deleted may have got a smaller version than the deletion: then once it had been raised.
   */
  const inForceSince = (key: LinkKey, { index, at }: Entry): number => {
    const history = postgres.history(key)
    const atLeast = Math.max(...history.slice(0, index + 1).map(({ version }) => version))
    const first = published.find(
      (other) =>
        other.name === linkName(key) &&
        other.index >= index &&
        (history[other.index]?.version ?? 0) >= atLeast,
    )
    return Math.max(at, first?.at ?? Number.POSITIVE_INFINITY)
  }

  const allowed = (key: LinkKey, since: number): readonly State[] => {
    const inForce = acknowledged.filter(
      (edit) => edit.name === linkName(key) && since - inForceSince(key, edit) > BOUND_MS,
    )
    return postgres.history(key).slice(Math.max(0, ...inForce.map(({ index }) => index)))
  }

  return {
    allowed,
    rememberable: (key, since) => allowed(key, since - REMEMBERED_MS),
    acknowledge: (key, { version }) => void acknowledged.push(entry(key, version)),
    publish(key, version) {
      published = [...published, entry(key, version)]
    },
    remember() {
      const then = published
      return () => {
        published = then
      }
    },
  }
}

export const isSame = (found: Link | null, { link }: State): boolean =>
  found?.version === link?.version && found?.id === link?.id && found?.url === link?.url
