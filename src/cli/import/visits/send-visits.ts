import type { ApiClient } from '../../api/api-client.ts'
import { visitImportResponse } from '../../api/stats-responses.ts'
import { CliError } from '../../cli-error.ts'
import type { DayOfVisits } from './visit-days.ts'

export interface SendVisitsOptions {
  readonly api: ApiClient
  readonly source: string
  readonly dryRun: boolean
  readonly days: Iterable<DayOfVisits>
  readonly signal: AbortSignal
  readonly onProgress: (days: number) => void
}

export interface SentVisits {
  readonly end: 'complete' | 'interrupted' | CliError
  /** Days of links that were sent, and what became of their visits. */
  readonly days: number
  readonly counted: number
  /** Counted by an earlier import. */
  readonly before: number
  readonly refused: number
  /** By link and reason, as many as fit. */
  readonly refusals: Readonly<Record<string, number>>
  readonly unlogged: number
}

/** The API takes 1,000 days in 4 MiB and 100,000 values, of which a visit has 20 at most. */
const MAX_DAYS = 1_000
const MAX_VISITS = 4_000
const MAX_BYTES = 3 * 1024 * 1024
/** With the longest waits, some five minutes. */
const ATTEMPTS = 14
const MAX_REFUSALS = 1_000
const MORE = 'further links'

/** Sends days, one request after the other: any of them may be sent again, and counts nothing then. */
export async function sendVisits(options: SendVisitsOptions): Promise<SentVisits> {
  const { api, source, dryRun, signal, onProgress } = options
  const sent = { days: 0, counted: 0, before: 0, refused: 0, unlogged: 0 }
  const refusals: Record<string, number> = {}
  const endedBy = (end: SentVisits['end']): SentVisits => ({ ...sent, refusals, end })

  for (const { days, json } of inRequests(options.days)) {
    if (signal.aborted) return endedBy('interrupted')
    try {
      const { results, unlogged } = await api.request('POST /visits/import', visitImportResponse, {
        bodyText: `{"source":${JSON.stringify(source)},"dryRun":${dryRun},"days":[${json.join()}]}`,
        ...{ isRepeatable: true, attempts: ATTEMPTS, signal },
      })
      if (results.length !== days.length) {
        throw new CliError(`The server reported on ${results.length} of ${days.length} days.`)
      }
      for (const [i, { outcome, hits, problem, errors }] of results.entries()) {
        const day = days[i]
        if (day === undefined) continue
        if (outcome !== 'rejected') {
          sent.counted += hits
          sent.before += day.hits - hits
          continue
        }
        sent.refused += day.hits
        const reason =
          errors.map(({ path, message }) => `${path} ${message}`).join('; ') || REASONS[problem] || problem
        const text = `${day.domain === '*' ? '' : day.domain}/${day.code}: ${reason}`
        const name = text in refusals || Object.keys(refusals).length < MAX_REFUSALS ? text : MORE
        refusals[name] = (refusals[name] ?? 0) + day.hits
      }
      sent.unlogged += unlogged
    } catch (error) {
      if (signal.aborted) return endedBy('interrupted')
      return endedBy(
        error instanceof CliError ? error : new CliError(String(error), undefined, { cause: error }),
      )
    }
    sent.days += days.length
    onProgress(sent.days)
  }
  return endedBy('complete')
}

const REASONS: Readonly<Record<string, string>> = {
  link_not_found: 'there is no such link (import links first; --domain says where they are)',
  domain_forbidden: 'this key may not write to that domain',
}

function* inRequests(all: Iterable<DayOfVisits>) {
  let days: DayOfVisits[] = []
  let json: string[] = []
  let [visits, bytes] = [0, 0]
  for (const day of all) {
    const { hits: _, ...body } = day
    const text = JSON.stringify(body)
    const size = Buffer.byteLength(text)
    const isFull =
      days.length === MAX_DAYS || visits + day.visits.length > MAX_VISITS || bytes + size > MAX_BYTES
    if (isFull && days.length > 0) {
      yield { days, json }
      ;[days, json, visits, bytes] = [[], [], 0, 0]
    }
    days.push(day)
    json.push(text)
    visits += day.visits.length
    bytes += size
  }
  if (days.length > 0) yield { days, json }
}
