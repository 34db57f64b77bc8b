/**
 * @module
 * `npm run bench:apply`: what it takes Postgres to apply a segment of visits, first to empty tables and then to the rows of the
 * same day. Options: `--visits 25000 --links 11700 --rounds 5`. With STORES=services in the Postgres at DATABASE_URL.
 */
import { parseArgs } from 'node:util'
import type { HitTotals } from '../../src/hits/hit-totals.ts'
import { createVisitLines } from '../../src/visits/visit-lines.ts'
import { createRandom, type Random } from '../chaos/random.ts'
import { openHitStores } from '../support/hit-stores.ts'
import { sampleVisit } from '../support/sample-visits.ts'
import { startStores } from '../support/stores.ts'
import { saveResult } from './results.ts'

const COUNTRIES = ['DE', 'US', 'FR', 'GB', 'IN', 'BR', 'JP', 'AT', 'CH', 'NL'] as const
const REFERRERS = ['', '', '', 'google.com', 'facebook.com', 't.co', 'linkedin.com', 'news.example'] as const
const DEVICES = ['mobile', 'mobile', 'desktop', 'tablet'] as const
const BROWSERS = ['Chrome', 'Safari', 'Firefox', 'Edge'] as const
const SYSTEMS = ['iOS', 'Android', 'Windows', 'macOS'] as const
const LANGUAGES = ['de', 'en-US', 'fr', 'en'] as const
const BOTS = 0.1

export interface ApplyMeasurement {
  readonly visits: number
  readonly links: number
  readonly bytes: number
  readonly milliseconds: number
}

/** One visit to each link, and the others to few of them. */
function drawSegment(id: string, ids: readonly string[], visits: number, random: Random) {
  const lines = createVisitLines()
  const hits = new Map<string, number>()
  const now = Date.now() / 1000
  for (let i = 0; i < visits; i++) {
    const linkId = ids[i < ids.length ? i : Math.floor(random.next() ** 4 * ids.length)] ?? ''
    const isBot = random.next() < BOTS
    const visitor = isBot ? null : Math.floor(random.next() * 2 ** 32)
    const facts = {
      country: random.pick(COUNTRIES),
      referrer: random.pick(REFERRERS),
      device: random.pick(DEVICES),
    }
    const client = {
      browser: random.pick(BROWSERS),
      os: random.pick(SYSTEMS),
      language: random.pick(LANGUAGES),
    }
    lines.add(sampleVisit({ linkId, at: now - random.next() * 300, isBot, visitor, ...facts, ...client }))
    hits.set(linkId, (hits.get(linkId) ?? 0) + 1)
  }
  return { id, hits, newestBatches: [], visits: lines.encode(Number.POSITIVE_INFINITY) }
}

/**
 * Applies another segment with each call.
 * @param ids of links, the busiest first.
 */
export function applyRounds(ids: readonly string[], visits: number) {
  const random = createRandom(1)
  let round = 0
  return async (totals: Pick<HitTotals, 'apply'>): Promise<ApplyMeasurement> => {
    const segment = drawSegment(`bench-${round++}`, ids, visits, random)
    const startedAt = performance.now()
    const applied = await totals.apply([segment])
    const milliseconds = Math.round(performance.now() - startedAt)
    if (applied.hits !== visits || applied.unknownVisits > 0) throw new Error(JSON.stringify(applied))
    return { visits, links: ids.length, bytes: segment.visits.length, milliseconds }
  }
}

export async function benchApply(visits: number, links: number, rounds: number): Promise<ApplyMeasurement[]> {
  const stores = await startStores()
  try {
    const hits = openHitStores(stores)
    const apply = applyRounds(await hits.makeLinks(links), visits)
    const measured: ApplyMeasurement[] = []
    for (let round = 0; round < rounds; round++) measured.push(await apply(hits.totals))
    return measured
  } finally {
    await stores.close()
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      visits: { type: 'string', default: '25000' },
      links: { type: 'string', default: '11700' },
      rounds: { type: 'string', default: '5' },
    },
  })
  const result = await benchApply(Number(values.visits), Number(values.links), Number(values.rounds))
  console.table(result)
  saveResult('apply', result)
  process.exit(0)
}
