import type { JsonFormat } from './format.ts'
import { refusedWithoutCode } from './short-url.ts'

/** Pages of Kutt's `GET /api/v2/links`, one or several after each other. A banned link comes along disabled. */
export const kutt: JsonFormat = {
  name: 'kutt',
  label: 'Kutt JSON ({"data": [{"address", "target", "description", ...}]})',
  marks: ['address', 'target'],
  toRaw(row) {
    return {
      url: row.target,
      code: row.address,
      domain: row.domain,
      title: row.description || undefined,
      createdAt: row.created_at,
      expiresAt: row.expire_in,
      hits: row.visit_count,
      enabled: row.banned === true || row.banned === 1 ? false : undefined,
      refused: isSet(row.password)
        ? 'is protected by a password, which linkr does not have: imported it would be open to everyone'
        : refusedWithoutCode(String(row.address ?? '')),
    }
  },
}

function isSet(password: unknown): boolean {
  return password === true || (typeof password === 'string' && password !== '')
}
