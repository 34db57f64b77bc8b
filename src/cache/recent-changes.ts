/** The newest version read of each name that was edited lately. */
export interface RecentChanges {
  add(name: string, version: number): void
  /** 0 = no edit is remembered. */
  versionOf(name: string): number
  /** When the newest edit was added that had to be forgotten early; -Infinity = none had to. */
  forgottenAt(): number
}

export interface RecentChangesOptions {
  readonly now: () => number
  readonly rememberMs: number
  /** Beyond it the oldest are forgotten early. */
  readonly maxNames: number
}

export function createRecentChanges({ now, rememberMs, maxNames }: RecentChangesOptions): RecentChanges {
  /** In the order of `at`. */
  const changes = new Map<string, { readonly version: number; readonly at: number }>()

  let forgottenAt = Number.NEGATIVE_INFINITY

  const versionOf = (name: string): number => {
    const change = changes.get(name)
    return change === undefined || now() - change.at >= rememberMs ? 0 : change.version
  }
  return {
    versionOf,
    forgottenAt: () => forgottenAt,
    add(name, version) {
      const newest = Math.max(version, versionOf(name))
      changes.delete(name)
      changes.set(name, { version: newest, at: now() })
      for (const [oldest, { at }] of changes) {
        const isOld = now() - at >= rememberMs
        if (changes.size <= maxNames && !isOld) break
        if (!isOld) forgottenAt = at
        changes.delete(oldest)
      }
    },
  }
}
