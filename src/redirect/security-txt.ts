import { textResponse } from './text-response.ts'

/** Made anew at each request, so it never expires while the Worker serves it. */
const VALID_MS = 90 * 24 * 60 * 60 * 1000

/** `/.well-known/security.txt` (RFC 9116): where to report a vulnerability. */
export function securityTxt(contact: string, now: number): Response {
  const expires = new Date(now + VALID_MS).toISOString().replace(/\.\d+Z$/, 'Z')
  return textResponse(200, `Contact: ${contact}\nExpires: ${expires}`)
}
