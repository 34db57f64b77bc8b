import type { Visit, VisitValues } from '../../src/visits/visit.ts'
import { createVisitLines, type VisitLines } from '../../src/visits/visit-lines.ts'

export interface SampleVisit extends Partial<Omit<Visit, 'values'>>, Partial<VisitValues> {
  readonly linkId: string
}

const VALUES: VisitValues = {
  ...{ country: 'DE', referrer: '', device: 'desktop', browser: 'Firefox', os: 'Linux', language: 'de' },
  ...{ variant: '', utmSource: '', utmMedium: '', utmCampaign: '', qr: '' },
  ...{ continent: '', region: '', city: '', asn: '' },
}

/** Now, of a person who is not told apart, unless said otherwise. */
export function sampleVisit({ linkId, at, isBot = false, visitor = null, ...values }: SampleVisit): Visit {
  return { linkId, at: at ?? Date.now() / 1000, isBot, visitor, values: { ...VALUES, ...values } }
}

export function sampleLines(visits: readonly SampleVisit[]): VisitLines {
  const lines = createVisitLines()
  for (const visit of visits) lines.add(sampleVisit(visit))
  return lines
}

let segments = 0

/** A segment of these visits, and of no other hits. */
export function sampleSegment(visits: readonly SampleVisit[], id = `segment-${++segments}`) {
  const hits = new Map<string, number>()
  for (const { linkId } of visits) hits.set(linkId, (hits.get(linkId) ?? 0) + 1)
  return {
    id,
    hits,
    newestBatches: [] as string[],
    visits: sampleLines(visits).encode(Number.POSITIVE_INFINITY),
  }
}
