import type { LinkKey } from '../links/link.ts'
import type { VisitLines } from './visit-lines.ts'

/** What is kept of a request until its visit is described. */
export type VisitRequest = Pick<Request, 'headers' | 'url' | 'cf'>

/** An isolate's visits, from the redirect to the batch of hits that takes them along. */
export interface VisitGatherer {
  /** On the hot path: notes a counted hit, to be described later. */
  note(linkId: string, request: VisitRequest): void
  noteMiss(key: LinkKey): void
  /** Fetches what describing needs: the day's key of visitor numbers, and the settings of domains. Never rejects. */
  prepare(): Promise<void>
  /** Everything noted since the last time, described. */
  take(): VisitLines
  /** Hands back what could not be sent. */
  putBack(lines: VisitLines): void
  /** Whether anything waits. */
  readonly isEmpty: () => boolean
}
