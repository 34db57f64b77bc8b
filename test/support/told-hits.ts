import { DIMENSION_NAMES } from '../../src/visits/visit.ts'
import { parseVisitLines } from '../../src/visits/visit-lines.ts'

/** Of how many hits a segment's text tells, by link id. */
export function toldHits(text: string, now = Date.now()): Record<string, number> {
  const told: Record<string, number> = {}
  for (const line of parseVisitLines(text, now).visits) {
    const fields = line.split('\t')
    const linkId = fields[0] ?? ''
    told[linkId] = (told[linkId] ?? 0) + Number(fields[3 + DIMENSION_NAMES.length])
  }
  return told
}
