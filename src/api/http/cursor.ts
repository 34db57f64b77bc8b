import { decodeBase64Url, encodeBase64Url } from 'hono/utils/encode'
import { sha256 } from '../../sha256.ts'
import { Problem } from './problem.ts'

/** A place in a list: what it is sorted by, and an id that tells apart what is alike. */
interface Position {
  readonly key: string
  readonly id: string
}

/** Positions as clients see them: opaque, signed, and good for the query that they came from. */
export interface Cursors<Query> {
  encode(position: Position, query: Query): Promise<string>
  /** @throws {Problem} 422 for what `encode` did not make for this query. */
  decode(cursor: string, query: Query): Promise<Position>
}

/**
 * @param secret what every isolate has, and no client: Postgres is given only positions that it wrote itself.
 * @param identify what makes a query another one, for JSON; lists of different things must differ in it.
 */
export function createCursors<Query>(secret: string, identify: (query: Query) => unknown): Cursors<Query> {
  // Made once; a promise would belong to the request that happens to be the first.
  let made: CryptoKey | undefined
  const signingKey = async (): Promise<CryptoKey> => {
    made ??= await crypto.subtle.importKey('raw', utf8(`linkr cursors ${secret}`), HMAC, false, [
      'sign',
      'verify',
    ])
    return made
  }

  const fingerprint = async (query: Query): Promise<string> =>
    (await sha256(JSON.stringify(identify(query)))).slice(0, 8)

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
