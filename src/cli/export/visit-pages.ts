import type * as v from 'valibot'
import type { ApiClient, Query } from '../api/api-client.ts'
import { visitsResponse } from '../api/stats-responses.ts'
import { CliError } from '../cli-error.ts'

export type VisitPage = v.InferOutput<typeof visitsResponse>

export interface VisitPagesOptions {
  /** Of visits, over all pages. */
  readonly limit: number
  /** Where to begin; `undefined` = at the newest. */
  readonly cursor: string | undefined
}

/** The API's bound for one request. */
const MAX_PAGE = 1000

/** Visits, the newest first. The API may answer with few, even none, on a page that others follow. */
export async function* visitPages(
  api: ApiClient,
  query: Query,
  { limit, cursor: first }: VisitPagesOptions,
): AsyncGenerator<VisitPage, void> {
  let left = limit
  let cursor = first
  while (left > 0) {
    const page = await api.request('GET /visits', visitsResponse, {
      query: { ...query, limit: Math.min(MAX_PAGE, left), cursor },
    })
    yield page
    left -= page.data.length
    if (page.nextCursor === null) return
    if (page.nextCursor === cursor) throw new CliError(`${api.origin} sends the same page of visits again.`)
    cursor = page.nextCursor
  }
}
