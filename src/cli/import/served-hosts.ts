import type { ApiClient } from '../api/api-client.ts'
import { ApiError } from '../api/api-error.ts'
import { domainListResponse } from '../api/responses.ts'

/** The hosts that are namespaces of the server; `null` = the token may not ask. */
export async function findServedHosts(
  api: ApiClient,
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  try {
    return (await api.request('GET /domains', domainListResponse, { signal })).served
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return null
    throw error
  }
}
