import type { VisitGatherer } from './visit-gatherer.ts'
import { createVisitLines } from './visit-lines.ts'

/** TODO: createVisitGatherer of A1 takes its place. */
export function createInterimGatherer(now: () => number): VisitGatherer {
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
