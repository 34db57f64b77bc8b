import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeRegister } from '../../src/registers/codec.ts'
import { linkCodec } from '../../src/registers/link-codec.ts'
import { type Edge, LINK, openEdge, readChangeLog, versions } from './edge.ts'
import { inTurn, type Task, type Turn, tasks, turns } from './happenings.ts'
import { KEYS } from './isolate.ts'
import { isSame } from './journal.ts'
import { anyFates, slowFates } from './network.ts'
import { muteLog, RUN, RUN_TIMEOUT_MS } from './runs.ts'
import { inWorld, type World, worldParts } from './world.ts'

/** As much as the bound of 5 s allows to replicas. */
const MAX_LAG_MS = 3_000

/** Everything that owners do and everything that befalls stores and isolates. */
const anything = {
  ...worldParts(anyFates, MAX_LAG_MS),
  actors: tasks('find', 'find', 'find', 'update', 'update', 'create', 'delete', 'commit', 'commit', 'drain'),
  happening: turns(
    [30, 400, 600, 600, 600, 1_000, 1_000, 2_500, 5_100, 5_100, 61_000, 3_700_000],
    [
      'Redis forgets',
      'Redis is remembered',
      'Redis goes back',
      'Redis goes back',
      'log trimmed',
      'log tells of too much',
      'Redis down',
      'Redis mute',
      'Redis up',
      'Postgres down',
      'Postgres up',
      'isolate dies',
    ],
  ),
}
/**
 * An isolate's clock jumps by an hour. Not together with what only clocks can tell: that more than an hour has passed, and
 * that a gap was longer ago than a replica lags.
 */
const wrongClock = {
  ...anything,
  ...worldParts(anyFates),
  happening: turns(
    [30, 600, 1_000, 5_100, 61_000],
    [
      'clock is put on',
      'clock is put back',
      'Redis forgets',
      'log trimmed',
      'log tells of too much',
      'Redis down',
      'Redis mute',
      'Redis up',
      'Postgres down',
      'Postgres up',
      'isolate dies',
    ],
  ),
}
/** A link that stays in memory while it is edited and the change log is read: loads and answers overtake each other. */
const hotLink = {
  ...worldParts(slowFates, MAX_LAG_MS),
  actors: tasks('find', 'find', 'commit', 'commit', 'update'),
  happening: turns(
    [30, 250, 1_100, 2_500, 4_100, 4_900],
    ['Redis forgets', 'log trimmed', 'log tells of too much'],
  ),
}
/** A failover, or a backup that is restored. */
const backInTime = {
  ...worldParts(slowFates, MAX_LAG_MS),
  actors: tasks('find', 'find', 'update', 'update', 'delete', 'create', 'commit'),
  happening: turns(
    [30, 1_000, 5_100, 61_000],
    ['Redis is remembered', 'Redis goes back', 'Redis goes back', 'isolate dies'],
  ),
}
/** What may be served when Postgres cannot be asked, and Redis can or cannot. */
const postgresAway = {
  ...worldParts(slowFates, MAX_LAG_MS),
  actors: tasks('find', 'find', 'find', 'update', 'commit'),
  happening: turns(
    [30, 1_000, 5_100],
    [
      'Postgres down',
      'Postgres down',
      'Postgres up',
      'Redis down',
      'Redis up',
      'Redis forgets',
      'log tells of too much',
    ],
  ),
}

/** Isolates that come, forget and ask anew, so that replicas are asked again and again around the edits. */
const laggingReplicas = {
  ...worldParts(slowFates, MAX_LAG_MS),
  actors: tasks('find', 'find', 'find', 'find', 'commit', 'update'),
  happening: turns([1_000, 1_900, 2_500, 4_900], ['isolate dies', 'isolate dies', 'log tells of too much']),
}

/** Isolates that begin, and live by the age of what they read, because nothing brings them news. */
const withoutNews = {
  ...worldParts(fc.constant([]), MAX_LAG_MS),
  actors: tasks('find', 'find', 'find', 'update'),
  happening: inTurn(['isolate dies', 'isolate dies', 2_900, 2_500, 2_400]),
}

/** Codes that are asked for before there is a link, when there is one, and when there is one again. */
const imports = {
  ...worldParts(slowFates, MAX_LAG_MS),
  actors: tasks(
    'find',
    'find',
    'find',
    'import',
    'import',
    'delete',
    'update many',
    'commit',
    'commit',
    'drain',
  ),
  happening: turns(
    [30, 400, 1_000, 1_000, 2_500, 2_900, 4_900, 61_000, 4_300_000],
    [
      'Redis forgets',
      'Redis is remembered',
      'Redis goes back',
      'log trimmed',
      'Redis down',
      'Redis up',
      'Postgres down',
      'Postgres up',
      'isolate dies',
    ],
  ),
}

/** No more faults: the cron drains the outbox, every isolate reads the change log. */
async function settleDown(world: World, { isolates }: Edge): Promise<void> {
  world.network.heal()
  await world.finish()
  await world.clock.advance(BREAKER_PAUSE_MS)
  await Promise.all([isolates[0]?.publisher.drain(), world.finish()])
  await Promise.all([...isolates.map(readChangeLog), world.finish()])
}

/** What Redis or an isolate holds that Postgres does not. */
async function differences(world: World, { isolates }: Edge): Promise<string[]> {
  const truth = world.postgres.history(LINK).slice(-1)
  const held = Promise.all(isolates.map(({ links }) => links.find(LINK)))
  const [seen] = await Promise.all([held, world.finish()])
  // Afterwards: what had expired has been refreshed before it was served.
  const text = await world.redis.command('GET', KEYS.register(LINK))
  if (typeof text === 'string') seen.push(decodeRegister(text, linkCodec)?.value ?? null)
  return seen
    .filter((link) => !truth.some((state) => isSame(link, state)))
    .map((link) => `holds ${link?.version ?? null}, Postgres ${versions(truth)}`)
}

/** After that every breaker lets a request through, even if one that it let through never came back. */
const BREAKER_PAUSE_MS = 12_000

muteLog()

describe('an acknowledged edit is in every read that begins 5 s later, and in the end no isolate holds another', () => {
  test.each([
    ['whatever happens', anything, 1],
    ['while clocks jump', wrongClock, 0.4],
    ['while the link is hot', hotLink, 0.4],
    ['while Redis goes back in time', backInTime, 0.4],
    ['while Postgres is away', postgresAway, 0.4],
    ['while replicas lag', laggingReplicas, 0.4],
    ['while replicas lag and no news comes', withoutNews, 0.4],
    ['while links are imported', imports, 0.8],
  ])('%s', { timeout: RUN_TIMEOUT_MS }, (_, parts, share) =>
    fc.assert(
      // Unbiased: in short schedules nothing meets.
      fc.asyncProperty(fc.noBias(fc.record(parts)), ({ actors, happening, ...world }) =>
        inWorld(world, (running) => checkFreshness(running, actors, happening, parts !== imports)),
      ),
      { ...RUN, numRuns: Math.ceil(RUN.numRuns * share) },
    ),
  )
})

async function checkFreshness(
  world: World,
  actors: Task[][],
  happening: Turn[],
  isThere: boolean,
): Promise<void> {
  const edge = openEdge(world, isThere)
  await edge.warmUp()
  world.happen(
    happening.flatMap(({ steps, event }) => [
      ...Array.from({ length: steps }, () => ({ label: '', run: async () => {} })),
      { label: String(event), run: () => edge.befall(event) },
    ]),
  )
  for (const list of actors) void edge.act(list)
  await world.finish()
  expect(edge.stale).toEqual([])
  await settleDown(world, edge)
  expect(await differences(world, edge)).toEqual([])
}
