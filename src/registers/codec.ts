/**
 * @module
 * A register as text: `"<version>:<json>"`. The version stands in front so that Lua can compare it without a JSON parser.
 */
import type { CachedRegister } from '../cache/register.ts'

/** How one kind of value is written into registers. */
export interface Codec<Value> {
  /** What the JSON calls the value. */
  readonly field: string
  /** What is kept of a value; its version is the register's. */
  encode(value: Value): object
  /** `null` when it is no such value: what comes out of a cache is untrusted. */
  decode(stored: Readonly<Record<string, unknown>>, version: number): Value | null
}

export function encodeRegister<Value>(register: CachedRegister<Value>, codec: Codec<Value>): string {
  const { version, value, softExpiresAt, loadMs } = register
  const stored = value === null ? null : codec.encode(value)
  return `${version}:${JSON.stringify({ [codec.field]: stored, softExpiresAt, loadMs })}`
}

/** `null` when the text is not a register of this kind. */
export function decodeRegister<Value>(text: string, codec: Codec<Value>): CachedRegister<Value> | null {
  const colon = text.indexOf(':')
  const digits = text.slice(0, Math.max(colon, 0))
  const version = Number(digits)
  if (!/^\d+$/.test(digits) || !Number.isSafeInteger(version)) return null
  const json = parseJson(text.slice(colon + 1))
  if (!isRecord(json)) return null
  const { [codec.field]: stored, softExpiresAt, loadMs } = json
  if (typeof softExpiresAt !== 'number' || typeof loadMs !== 'number') return null
  if (stored === null) return { version, value: null, softExpiresAt, loadMs }
  const value = isRecord(stored) ? codec.decode(stored, version) : null
  return value === null ? null : { version, value, softExpiresAt, loadMs }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
