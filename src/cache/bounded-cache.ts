/**
 * @module
 * A map that forgets when it is full, by SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024): a hand goes round
 * from the oldest entry to the newest and removes the first one that was not read since it last came by. As good as an
 * LRU or better on traffic like ours, and a read only sets a flag. Our own, because lru-cache reserves the space of a
 * full cache when it is made, which costs a new isolate more time than its first redirect.
 */

export interface BoundedCacheOptions<V> {
  readonly maxEntries: number
  /** Left out = entries are counted only. */
  readonly maxBytes?: number
  /** What an entry is taken to cost. */
  readonly bytesOf?: (key: string, value: V) => number
}

interface Slot<V> {
  value: V
  bytes: number
  wasRead: boolean
}

export class BoundedCache<V> {
  readonly #options: BoundedCacheOptions<V>
  readonly #slots = new Map<string, Slot<V>>()
  /** A Map's iterator goes on behind what it has returned, whatever is added or deleted meanwhile. */
  #hand = this.#slots.entries()
  #bytes = 0

  constructor(options: BoundedCacheOptions<V>) {
    this.#options = options
  }

  get size(): number {
    return this.#slots.size
  }

  get(key: string): V | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined) return undefined
    slot.wasRead = true
    return slot.value
  }

  /** As `get`, but does not count as having been read. */
  peek(key: string): V | undefined {
    return this.#slots.get(key)?.value
  }

  /** What is larger than the whole cache is not kept. */
  set(key: string, value: V): void {
    const { maxEntries, maxBytes = Number.POSITIVE_INFINITY, bytesOf = () => 0 } = this.#options
    const bytes = bytesOf(key, value)
    const wasRead = this.#slots.get(key)?.wasRead ?? false
    this.delete(key)
    if (bytes > maxBytes) return
    while (this.#slots.size >= maxEntries || this.#bytes + bytes > maxBytes) this.#evictOne()
    this.#slots.set(key, { value, bytes, wasRead })
    this.#bytes += bytes
  }

  delete(key: string): void {
    const slot = this.#slots.get(key)
    if (slot === undefined) return
    this.#slots.delete(key)
    this.#bytes -= slot.bytes
  }

  clear(): void {
    this.#slots.clear()
    this.#bytes = 0
  }

  /** Ends within two rounds: the first one clears every flag. */
  #evictOne(): void {
    for (;;) {
      const { value: next, done } = this.#hand.next()
      if (done) {
        this.#hand = this.#slots.entries()
        continue
      }
      const [key, slot] = next
      if (!slot.wasRead) {
        this.delete(key)
        return
      }
      slot.wasRead = false
    }
  }
}
