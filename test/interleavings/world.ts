import fc from 'fast-check'
import { createInMemoryPostgres, type InMemoryPostgres } from './in-memory-postgres.ts'
import { emptyRedis, type InProcessRedis } from './in-process-redis.ts'
import { createNetwork, type Fate, type Network } from './network.ts'
import { createVirtualClock, settled, type VirtualClock } from './virtual-clock.ts'

export interface World {
  readonly clock: VirtualClock
  readonly network: Network
  readonly redis: InProcessRedis
  readonly postgres: InMemoryPostgres
  readonly random: () => number
  /** By how many milliseconds the replica lags that answers the next plain read. */
  readonly replicaLag: () => number
  /** One step of an actor, or of the world around the stores, in the order that the scheduler chooses. */
  step(label: string): Promise<void>
  /** Things that happen one after the other, nothing else at the same time. */
  happen(events: readonly { readonly label: string; readonly run: () => Promise<void> }[]): void
  /** Runs everything to its end; time passes when there is nothing else to do. */
  finish(): Promise<void>
}

/**
 * @param upcoming what becomes of the requests to come, in their order; all later ones are answered.
 * @param maxLagMs of the replicas that the first plain reads are answered from; all later ones do not lag.
 */
export const worldParts = (upcoming: fc.Arbitrary<Fate[]>, maxLagMs = 0) => ({
  scheduler: fc.scheduler(),
  upcoming,
  lags: fc.array(fc.oneof(fc.constantFrom(0, maxLagMs), fc.nat({ max: maxLagMs })), { maxLength: 20 }),
  seed: fc.nat(),
})

export interface WorldParts {
  readonly scheduler: fc.Scheduler
  readonly upcoming: readonly Fate[]
  readonly lags: readonly number[]
  readonly seed: number
}

/** Runs one schedule. In it `Date.now` tells virtual time, by which the Redis expires keys. */
export async function inWorld(
  { scheduler, upcoming, lags, seed }: WorldParts,
  act: (world: World) => Promise<void>,
): Promise<void> {
  const { now } = Date
  const { stackTraceLimit } = Error
  const clock = createVirtualClock()
  const remainingLags = [...lags]
  try {
    Date.now = clock.now
    // js-redis-server throws and catches errors as it parses; their stacks take most of its time.
    Error.stackTraceLimit = 0
    await act({
      clock,
      network: createNetwork(scheduler, clock, upcoming),
      redis: await emptyRedis(),
      postgres: createInMemoryPostgres(clock.now),
      random: lehmer(seed),
      replicaLag: () => remainingLags.shift() ?? 0,
      step: (label) => scheduler.schedule(Promise.resolve(), label),
      happen(events) {
        scheduler.scheduleSequence(events.map(({ label, run }) => ({ label, builder: run })))
      },
      async finish() {
        do {
          await settled()
          while (scheduler.count() > 0) {
            await scheduler.waitOne()
            await settled()
          }
        } while (await clock.advanceToNext())
      },
    })
  } finally {
    Date.now = now
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Lehmer's generator: reproducible from the seed that fast-check prints. */
function lehmer(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
