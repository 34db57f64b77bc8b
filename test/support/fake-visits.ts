import type { VisitGatherer } from '../../src/visits/visit-gatherer.ts'
import { createVisitLines } from '../../src/visits/visit-lines.ts'

/** A gatherer that only looks at the UTM source, by which a test tells its visits apart. */
export function createFakeVisits(now: () => number): VisitGatherer {
  let lines = createVisitLines()
  return {
    note(linkId, { url }) {
      const utmSource = /[?&]utm_source=([^&]*)/.exec(url)?.[1] ?? ''
      const values = { ...NOTHING_KNOWN, utmSource }
      lines.add({ linkId, at: now() / 1_000, isBot: false, visitor: null, values })
    },
    noteMiss: (key) => lines.addMiss({ ...key, at: now() / 1_000 }),
    prepare: () => Promise.resolve(),
    take() {
      const taken = lines
      lines = createVisitLines()
      return taken
    },
    putBack: (taken) => lines.merge(taken),
    isEmpty: () => lines.isEmpty(),
  }
}

const NOTHING_KNOWN = {
  ...{ country: 'XX', referrer: '', device: 'other', browser: '', os: '', language: '', variant: '' },
  ...{ utmSource: '', utmMedium: '', utmCampaign: '', qr: '', continent: '', region: '', city: '', asn: '' },
} as const
