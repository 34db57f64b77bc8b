/**
 * Lets one session at a time at the only connection PGlite has, first come first served. A session
 * that is inside with a transaction open may idle as long as no other waits; then only `patienceMs`, before it is evicted.
 */
export class Turnstile {
  readonly #patienceMs: number
  readonly #waiting: (() => void)[] = []
  #inside = false
  #evict: (() => void) | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  async enter(): Promise<void> {
    if (!this.#inside) {
      this.#inside = true
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    this.#startTimer()
    await promise
  }

  /** The session inside now waits for its client; `evict` must make it leave. */
  idle(evict: () => void): void {
    this.#evict = evict
    this.#startTimer()
  }

  /** The session inside is at work again. */
  busy(): void {
    this.#evict = null
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  leave(): void {
    this.busy()
    const next = this.#waiting.shift()
    if (next === undefined) this.#inside = false
    else next()
  }

  #startTimer(): void {
    const evict = this.#evict
    if (evict === null || this.#waiting.length === 0 || this.#timer !== undefined) return
    this.#timer = setTimeout(evict, this.#patienceMs)
  }
}
