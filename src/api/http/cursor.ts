import { decodeBase64Url, encodeBase64Url } from 'hono/utils/encode'
import type { LinkListQuery, ListPosition } from '../../owners/link-pages.ts'
import { sha256 } from '../../sha256.ts'
import { Problem } from './problem.ts'

/** A query without what may differ from page to page. */
export type ListedQuery = Pick<LinkListQuery, 'filter' | 'sort' | 'order'>

/** Positions as clients see them: opaque, signed, and good for the query that they came from. */
export interface Cursors {
  encode(position: ListPosition, query: ListedQuery): Promise<string>
  /** @throws {Problem} 422 for what `encode` did not make for this query. */
  decode(cursor: string, query: ListedQuery): Promise<ListPosition>
}

/** @param secret what every isolate has, and no client: Postgres is given only positions that it wrote itself. */
export function createCursors(secret: string): Cursors {
  // Made once; a promise would belong to the request that happens to be the first.
  let made: CryptoKey | undefined
  const signingKey = async (): Promise<CryptoKey> => {
    made ??= await crypto.subtle.importKey('raw', utf8(`linkr cursors ${secret}`), HMAC, false, [
      'sign',
      'verify',
    ])
    return made
  }

  return {
    async encode({ key, id }, query) {
      const payload = utf8(JSON.stringify([await fingerprint(query), key, id]))
      const signature = await crypto.subtle.sign('HMAC', await signingKey(), payload)
      return `${toBase64Url(payload.buffer)}.${toBase64Url(signature)}`
    },

    async decode(cursor, query) {
      const [payload = null, signature = null] = cursor.split('.').map(fromBase64Url)
      const isSigned =
        payload !== null &&
        signature !== null &&
        (await crypto.subtle.verify('HMAC', await signingKey(), signature, payload))
      if (!isSigned) throw invalid('was not issued by this API')
      const [print, key, id] = JSON.parse(new TextDecoder().decode(payload)) as [string, string, string]
      if (print !== (await fingerprint(query)))
        throw invalid('belongs to a query with other filters or order')
      return { key, id }
    },
  }
}

const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const

async function fingerprint({ filter, sort, order }: ListedQuery): Promise<string> {
  const { domains, code, tags, q, enabled, expired } = filter
  return (await sha256(JSON.stringify([domains, code, tags, q, enabled, expired, sort, order]))).slice(0, 8)
}

function invalid(message: string): Problem {
  const detail = 'The cursor cannot be used: leave it out to start from the beginning.'
  return new Problem(422, 'invalid_cursor', detail, [{ path: 'cursor', message }])
}

/** `null` = none. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return decodeBase64Url(text)
  } catch {
    return null
  }
}

const toBase64Url = (bytes: ArrayBufferLike): string => encodeBase64Url(bytes).replaceAll('=', '')
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
