import type { ApiClient } from '../api/api-client.ts'
import { ApiError } from '../api/api-error.ts'
import { type LinkResponse, linkResponse } from '../api/responses.ts'
import { splitShortUrl } from '../import/formats/short-url.ts'

/**
 * The link that a person means: its code (in `domain`, else the server's default one), its short URL, or `id:17`.
 * @throws {ApiError} 404 when there is none.
 */
export async function findLink(
  api: ApiClient,
  name: string,
  domain: string | undefined,
): Promise<LinkResponse> {
  const id = /^id:(\d{1,18})$/.exec(name)?.[1]
  if (id !== undefined) return api.request(`GET /links/${id}`, linkResponse)
  if (!/^https?:\/\//i.test(name)) return lookUp(api, name, domain)
  const { code, domain: host } = splitShortUrl(name)
  try {
    return await lookUp(api, code, domain ?? host)
  } catch (error) {
    // A host that has no namespace of its own serves the default one.
    if (domain === undefined && error instanceof ApiError && [404, 422].includes(error.status)) {
      return lookUp(api, code, '*')
    }
    throw error
  }
}

function lookUp(api: ApiClient, code: string, domain: string | undefined): Promise<LinkResponse> {
  return api.request('GET /links/lookup', linkResponse, { query: { domain, code } })
}
