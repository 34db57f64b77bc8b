import { sha256 as digest } from 'hono/utils/crypto'

/** In lower-case hex. */
export async function sha256(text: string): Promise<string> {
  const hex = await digest(text)
  // Hono is content with runtimes that have no Web Crypto.
  if (hex === null) throw new Error('this runtime has no Web Crypto')
  return hex
}
