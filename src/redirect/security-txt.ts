import { plainAnswer } from './plain-answer.ts'

/** Made anew at each request, so it never expires while the Worker serves; a finder who kept it asks again. */
const VALID_MS = 90 * 24 * 60 * 60 * 1000

/** `/.well-known/security.txt` (RFC 9116): whom to tell of a vulnerability. */
export function securityTxt(contact: string, now: number): Response {
  const expires = new Date(now + VALID_MS).toISOString().replace(/\.\d+Z$/, 'Z')
  return plainAnswer(200, `Contact: ${contact}\nExpires: ${expires}`)
}
