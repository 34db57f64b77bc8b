import { SourceUnavailable } from '../errors.ts'
import type { Source } from '../links/link-source.ts'
import { type RegisterKey, registerName } from '../links/register-key.ts'
import type { Runtime } from '../runtime.ts'
import { createIsolateMemory, type Entry, type IsolateMemory, type Load } from './isolate-memory.ts'
import type { Origin } from './replica-lag.ts'
import { createSingleFlight } from './single-flight.ts'

export interface MemoryTierOptions<Key, Value> {
  readonly origin: Origin<Key, Value>
  readonly runtime: Pick<Runtime, 'now' | 'sleep' | 'background'>
  /** Everything edited before this time has been marked; see `IsolateMemoryOptions`. */
  readonly syncedAt: () => number
  /** Reads the change log now, unless that was done a moment ago; resolves to whether Redis answered. */
  readonly followChanges: () => Promise<boolean>
  /** Bounds of the cache; the defaults suit the links in an isolate's 128 MB. */
  readonly maxEntries?: number
  readonly maxBytes?: number
}

export interface MemoryTier<Key, Value>
  extends Source<Key, Value>,
    Pick<IsolateMemory<Value>, 'markChanged' | 'markNewLinks' | 'markGap' | 'size'> {
  /**
   * What `find` would resolve to without asking any store; `undefined` = it would have to ask.
   * @param time now, from a caller that has already read the clock.
   * @param name `registerName` of the key, from a caller that has it.
   */
  peek(key: Key, time?: number, name?: string): Value | null | undefined
}

/** When neither Redis nor Postgres answers, entries that old still are better than nothing. */
const STALE_IF_ERROR_MS = 60 * 60 * 1000
/** How long a request waits for another one's load of the same key, and how old such a load may be. */
const PATIENCE_MS = 1_000
/** What is edited again during each of so many loads cannot be told. */
const MAX_LOADS = 5

/** A bounded cache in the isolate, served without any I/O while it is in sync with the change log. */
export function memoryTier<Key extends RegisterKey, Value extends { readonly version: number }>(
  options: MemoryTierOptions<Key, Value>,
): MemoryTier<Key, Value> {
  const { origin, runtime, syncedAt, followChanges } = options
  const { maxEntries = 20_000, maxBytes = 16 * 1024 * 1024 } = options
  const memory = createIsolateMemory<Value>({ now: runtime.now, syncedAt, maxEntries, maxBytes })
  const share = createSingleFlight<Entry<Value>, Load>({
    sleep: runtime.sleep,
    patienceMs: PATIENCE_MS,
    canJoin: (running, { era, atLeast, mayLag, loadedAt }) =>
      running.era === era &&
      running.atLeast >= atLeast &&
      (mayLag || !running.mayLag) &&
      loadedAt - running.loadedAt <= PATIENCE_MS,
  })

  async function load(name: string, key: Key, begun: Load): Promise<Entry<Value>> {
    const { value, lagMs } = await origin.find(key, begun)
    const entry = { ...begun, value, loadedAt: begun.loadedAt - lagMs }
    memory.keep(name, entry)
    return entry
  }

  function loadOrJoin(name: string, key: Key): Promise<Entry<Value>> {
    const wanted = memory.begin(name)
    return share(name, wanted, () => {
      const loading = load(name, key, wanted)
      // Others may come to wait for it, so it goes on when the visitor who caused it leaves.
      runtime.background('cache.load_failed', loading.catch(ignoreOutage))
      return loading
    })
  }

  /** What is known to be outdated is not returned, whichever request loaded it. */
  async function loadCurrent(name: string, key: Key): Promise<Value | null> {
    for (let tries = 1; tries <= MAX_LOADS; tries++) {
      const entry = await loadOrJoin(name, key)
      // After a gap that cannot be known. A second look is enough.
      const isDoubtful = memory.isBeforeGap(entry) && tries === 1
      if (!memory.isOutdated(name, entry) && !isDoubtful) return entry.value
    }
    throw new SourceUnavailable('redis', new Error(`edited again during each of ${MAX_LOADS} loads`))
  }

  /**
   * Postgres fails, and Redis has no register. If Redis can be asked at all, its change log decides: only if nothing went
   * untold since the load is the entry as good as ever.
   */
  async function remembered(name: string, failure: SourceUnavailable): Promise<Value | null> {
    const isInformed = await followChanges()
    const entry = memory.recall(name)
    if (entry === undefined || (isInformed && memory.mayBeOld(entry))) throw failure
    if (runtime.now() - entry.loadedAt > STALE_IF_ERROR_MS) throw failure
    return entry.value
  }

  function peek(key: Key, time = runtime.now(), name = registerName(key)): Value | null | undefined {
    const entry = memory.servable(name, time)
    if (entry === undefined) return undefined
    if (memory.isBeforeGap(entry)) refresh(name, key, entry)
    return entry.value
  }

  /** In the background, so that no gap makes a redirect wait. */
  function refresh(name: string, key: Key, entry: Entry<Value>): void {
    const era = memory.era()
    if (entry.refreshedIn === era) return
    entry.refreshedIn = era
    void loadOrJoin(name, key).catch(ignoreOutage)
  }

  return {
    size: memory.size,
    markChanged: memory.markChanged,
    markNewLinks: memory.markNewLinks,
    markGap: memory.markGap,
    peek,
    async find(key) {
      const known = peek(key)
      if (known !== undefined) return known
      const name = registerName(key)
      try {
        return await loadCurrent(name, key)
      } catch (error) {
        if (!(error instanceof SourceUnavailable)) throw error
        return remembered(name, error)
      }
    },
  }
}

/** The request that asked is told; no other needs to hear of it. */
function ignoreOutage(error: unknown): void {
  if (!(error instanceof SourceUnavailable)) throw error
}
