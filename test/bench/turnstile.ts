import type { Stores } from '../support/stores.ts'

/** Store requests that an answer waited for. */
export interface Blocking {
  readonly redis: number
  readonly postgres: number
}

/** Long enough for a response that needs no other request to come through, however busy the machine is. */
const GRACE_MS = 250

/**
 * Counts the store requests that stand before an answer, by holding every one of them back until the answer has had
 * the time to come without it. So no clock of a busy machine decides what counts as "before".
 */
export async function countBlocking(stores: Stores, request: () => Promise<unknown>): Promise<Blocking> {
  const held: { readonly store: keyof Blocking; readonly release: () => void }[] = []
  let wake = (): void => {}
  const holdEach = (store: keyof Blocking) => ({
    kind: 'hold' as const,
    // Read once for each request: each has its own gate.
    get until() {
      return new Promise<void>((release) => {
        held.push({ store, release })
        wake()
      })
    },
  })
  stores.redisFaults.inject(holdEach('redis'))
  stores.postgresFaults.inject(holdEach('postgres'))
  const count = { redis: 0, postgres: 0 }
  let isAnswered = false
  const answer = request().finally(() => {
    isAnswered = true
    wake()
  })
  while (!isAnswered) {
    if (held.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, GRACE_MS))])
    if (isAnswered) break
    const next = held.shift()
    if (next === undefined) continue
    count[next.store]++
    next.release()
  }
  stores.heal()
  for (const { release } of held) release()
  await answer
  return count
}
