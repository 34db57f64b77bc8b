/**
 * @module
 * `npm run bench:apply`: what applying a flush's visits takes Postgres. Options: `--visits 25000 --links 11700 --days 1 --rounds 5`.
 */
import { parseArgs } from 'node:util'
import type { VisitValues } from '../../src/visits/visit.ts'
import { createVisitLines } from '../../src/visits/visit-lines.ts'
import { createRandom } from '../chaos/random.ts'
import { openHitStores } from '../support/hit-stores.ts'
import { startStores } from '../support/stores.ts'

const COUNTRIES = ['DE', 'US', 'FR', 'GB', 'IN', 'BR', 'JP', 'AT', 'CH', 'NL'] as const
const REFERRERS = [
  '',
  '',
  '',
  'google.com',
  'facebook.com',
  't.co',
  'linkedin.com',
  'news.example',
  'blog.example',
] as const

const { values } = parseArgs({
  options: {
    visits: { type: 'string', default: '25000' },
    links: { type: 'string', default: '11700' },
    rounds: { type: 'string', default: '5' },
    explain: { type: 'boolean', default: false },
  },
})
const [visits, links, rounds] = [values.visits, values.links, values.rounds].map(Number) as [
  number,
  number,
  number,
]

const stores = await startStores()
const hits = openHitStores(stores)
const ids = await hits.makeLinks(links)
const random = createRandom(1)
const pick = <T>(list: readonly [T, ...T[]]): T => random.pick(list)

function segment(round: number) {
  const lines = createVisitLines()
  const counts = new Map<string, number>()
  const now = Date.now() / 1000
  for (let i = 0; i < visits; i++) {
    // Some links are hit often, most once.
    const linkId = (i < links ? ids[i] : ids[Math.floor(random.next() ** 4 * links)]) ?? ''
    counts.set(linkId, (counts.get(linkId) ?? 0) + 1)
    const value: VisitValues = {
      ...{
        country: pick(COUNTRIES),
        referrer: pick(REFERRERS),
        device: pick(['mobile', 'desktop', 'tablet']),
      },
      ...{
        browser: pick(['Chrome', 'Safari', 'Firefox', 'Edge']),
        os: pick(['iOS', 'Android', 'Windows', 'macOS']),
      },
      ...{ language: pick(['de', 'en-US', 'fr', 'en']), variant: '', utmSource: pick(['', '', 'mail']) },
      ...{ utmMedium: '', utmCampaign: '', qr: '', continent: '', region: '', city: '', asn: '' },
    }
    const isBot = random.next() < 0.1
    lines.add({
      linkId,
      at: now - random.next() * 300,
      isBot,
      visitor: isBot ? null : (Math.floor(random.next() ** 2 * 2 ** 20) * 4093) % 2 ** 32,
      values: value,
    })
  }
  return {
    id: `bench-${round}`,
    hits: counts,
    newestBatches: [],
    visits: lines.encode(Number.POSITIVE_INFINITY),
  }
}

for (let round = 0; round < rounds; round++) {
  const { visits: text, ...rest } = segment(round)
  for (const [kind, given] of [['with visits', text]] as const) {
    const startedAt = performance.now()
    const applied = await hits.totals.apply([{ ...rest, visits: given }])
    console.log(kind, round, text.length, Math.round(performance.now() - startedAt), JSON.stringify(applied))
  }
}
if (values.explain) {
  console.log(process.env.KEEP)
}
await stores.close()
process.exit(0)
