/**
 * @module
 * Structured log events with stable names, one JSON object a line. Callers never pass secrets or destinations.
 */
type Fields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

export const log = {
  info: (event: string, fields: Fields = {}): void => console.log(JSON.stringify({ event, ...fields })),
  warn: (event: string, fields: Fields = {}): void => console.warn(JSON.stringify({ event, ...fields })),
  error: (event: string, fields: Fields = {}): void => console.error(JSON.stringify({ event, ...fields })),
}

/** Upstash's client quotes commands and replies, JSON's parser what it stumbled over: destinations, keys, visits. */
const QUOTATION = /, command was:|(?<=Unable to parse response body): |, (?:\.\.\.)?"/

/** What may be logged of an unknown error: the messages down its chain of causes, up to what they quote. */
export function describeError(error: unknown): string {
  const parts: string[] = []
  for (let current = error; current instanceof Error && parts.length < 4; current = current.cause) {
    parts.push(`${current.name}: ${current.message.split(QUOTATION)[0]?.slice(0, 300)}`)
  }
  return parts.join(' <- ') || String(error).slice(0, 300)
}
