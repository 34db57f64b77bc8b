import type { ApiClient, Query } from '../api/api-client.ts'
import { ApiError } from '../api/api-error.ts'
import { type LinkResponse, linkPageResponse } from '../api/responses.ts'

/** What an admin may ask for, and what everybody may. */
const LIMITS = [1000, 100] as const

/**
 * Every link that `query` matches, the oldest first, page by page. Links made meanwhile come at the end; nothing is
 * skipped or repeated, since a cursor names a place and not a number of links.
 */
export async function* exportPages(
  api: ApiClient,
  query: Query,
): AsyncGenerator<readonly LinkResponse[], void> {
  let limit: number = LIMITS[0]
  let cursor: string | undefined
  do {
    const pageQuery = { ...query, sort: 'createdAt', order: 'asc', limit, cursor }
    const page = await api
      .request('GET /links', linkPageResponse, { query: pageQuery })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError) || ![400, 403, 422].includes(error.status) || limit === LIMITS[1]) {
          throw error
        }
        return null
      })
    if (page === null) {
      limit = LIMITS[1]
      continue
    }
    yield page.data
    cursor = page.nextCursor ?? undefined
    if (cursor === undefined) return
  } while (true)
}
