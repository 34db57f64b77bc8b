import type { ApiClient, Query } from '../api/api-client.ts'
import { ApiError } from '../api/api-error.ts'
import { type LinkResponse, linkPageResponse } from '../api/responses.ts'

/** Of links a page: what an admin may ask for, and what everybody may. */
const ADMIN_LIMIT = 1000
const LIMIT = 100

/**
 * Every link that `query` matches, the oldest first, page by page. Links made meanwhile come at the end; nothing is
 * skipped or repeated, since a cursor names a place and not a number of links.
 */
export async function* exportPages(
  api: ApiClient,
  query: Query,
): AsyncGenerator<readonly LinkResponse[], void> {
  let limit = ADMIN_LIMIT
  let cursor: string | undefined
  const nextPage = () =>
    api.request('GET /links', linkPageResponse, {
      query: { ...query, sort: 'createdAt', order: 'asc', limit, cursor },
    })
  do {
    const page = await nextPage().catch((error: unknown) => {
      const isRefused = error instanceof ApiError && [400, 403, 422].includes(error.status)
      if (!isRefused || limit === LIMIT) throw error
      limit = LIMIT
      return nextPage()
    })
    yield page.data
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}
