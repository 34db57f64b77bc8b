import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadUserAgents } from '../../src/visits/user-agent.ts'
import { anyFates } from './network.ts'
import { muteLog, RUN, RUN_TIMEOUT_MS } from './runs.ts'
import { deeds, events, openTraffic, type Traffic } from './traffic.ts'
import { inWorld, type World, worldParts } from './world.ts'

/** Unbiased: in short schedules nothing meets. */
const schedules = fc.noBias(
  fc.record({
    ...worldParts(anyFates),
    actors: fc.array(deeds, { minLength: 1, maxLength: 4 }),
    happening: events,
  }),
)

/** After that a leader, a commit and a breaker's probe that never came back have been given up. */
const GIVEN_UP_MS = 40_000

/** No more faults: each isolate has one more visitor, who leads what waits there, and then the cron comes. */
async function settleDown({ network, clock, finish }: World, traffic: Traffic): Promise<void> {
  network.heal()
  await finish()
  await clock.advance(GIVEN_UP_MS)
  for (const isolate of traffic.isolates) traffic.hit(isolate, '1')
  await finish()
  await Promise.all([traffic.cron(), finish()])
}

muteLog()
// The first import of a library takes real time, which schedules do not wait for.
beforeAll(async () => void (await loadUserAgents()))

describe('hits', () => {
  test(
    'are in Postgres exactly once with what is known of them, but for those in the memory of an isolate that dies',
    {
      timeout: RUN_TIMEOUT_MS,
    },
    () =>
      fc.assert(
        fc.asyncProperty(schedules, ({ actors, happening, ...parts }) =>
          inWorld(parts, async (world) => {
            const traffic = openTraffic(world)
            world.happen(
              happening.map((event) => ({ label: String(event), run: () => traffic.befall(event) })),
            )
            for (const list of actors) void traffic.act(list)
            await world.finish()
            await settleDown(world, traffic)

            const { told, unknown } = world.postgres
            const secured = traffic.secured()
            for (const [id, recorded] of traffic.recorded) {
              const counted = world.postgres.hits.get(id) ?? 0
              expect({ id, counted, recorded }).toSatisfy(() => counted <= recorded)
              expect({ id, counted, secured: secured.get(id) }).toSatisfy(
                () => counted >= (secured.get(id) ?? 0),
              )
              const known = told.reduce((sum, { linkId, hits }) => sum + (linkId === id ? hits : 0), 0)
              expect({ id, known: known + (unknown.get(id) ?? 0) }).toEqual({ id, known: counted })
            }
            if (traffic.losses.has('Redis goes back')) return
            expect([...unknown.values()].filter((count) => count > 0)).toEqual([])
            const sources = told.map(({ utmSource }) => utmSource)
            expect(sources).toHaveLength(new Set(sources).size)
            expect(told.every(({ hits }) => hits === 1)).toBe(true)
            if (traffic.losses.size === 0) expect(world.postgres.misses()).toBe(traffic.recordedMisses())
          }),
        ),
        RUN,
      ),
  )
})
