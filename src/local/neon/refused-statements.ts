import { serialize } from 'pg-protocol'
import { typeOf } from './wire-messages.ts'

const COMMENTS = /--[^\n]*|\/\*[\s\S]*?\*\//g

/** PGlite would wait for the copy data on its only thread, which could then never read it. */
const COPY_FROM_STDIN = /(^|[;\0])\s*copy\b[^;]*\bfrom\s+stdin\b/i

/** There is no shell in PGlite, and the attempt leaves it unable to reply to anything more; inside DO, too. */
const COPY_PROGRAM = /\bcopy\b[^;]*\b(from|to)\s+program\b/i

/** A COPY whose data the client would have to send. */
export function readsStdin(sql: string): boolean {
  return /copy/i.test(sql) && COPY_FROM_STDIN.test(sql.replace(COMMENTS, ' '))
}

/** The message to run for one that would end PGlite: an error in its place. `null` = it is harmless. */
export function refusalOf(wire: Buffer, sql: string): Buffer | null {
  if (readsStdin(sql)) return refusal(wire, 'COPY FROM STDIN')
  const direction = COPY_PROGRAM.exec(sql.replace(COMMENTS, ' '))?.[1]?.toUpperCase()
  return direction === undefined ? null : refusal(wire, `COPY ${direction} PROGRAM`)
}

function refusal(wire: Buffer, what: string): Buffer {
  const sql = `DO $$BEGIN RAISE feature_not_supported
    USING MESSAGE = '${what} is not supported by the embedded Postgres'; END$$`
  if (typeOf(wire) === 'Q') return serialize.query(sql)
  return serialize.parse({ name: wire.toString('utf8', 5, wire.indexOf(0, 5)), text: sql })
}
