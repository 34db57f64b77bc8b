import type { JsonFormat, JsonRow } from './format.ts'
import { refusedWithoutCode } from './short-url.ts'

/** What a Sink link can do and a linkr link cannot, by its field. */
const LOST: Readonly<Record<string, string>> = {
  geo: 'routing by country',
  apple: 'App Store redirect',
  google: 'Google Play redirect',
  cloaking: 'cloaking',
  unsafe: 'warning page',
}

/** Sink's dashboard export, pages of `GET /api/link/export`, or a backup from R2. Its times are Unix seconds. */
export const sink: JsonFormat = {
  name: 'sink',
  label: 'Sink JSON ({"links": [{"slug", "url", "comment", ...}]})',
  marks: ['slug', 'url'],
  toRaw(row) {
    return {
      url: row.url,
      code: row.slug,
      title: row.title || row.comment || undefined,
      tags: row.tags,
      createdAt: row.createdAt,
      expiresAt: row.expiration,
      forwardQuery: row.redirectWithQuery,
      lost: Object.keys(LOST)
        .filter((field) => isUsed(row, field))
        .map((field) => LOST[field] ?? field),
      refused: isUsed(row, 'password')
        ? 'is protected by a password, which linkr does not have: imported it would be open to everyone'
        : refusedWithoutCode(String(row.slug ?? '')),
    }
  },
}

function isUsed(row: JsonRow, field: string): boolean {
  const value = row[field]
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== undefined && value !== null && value !== false && value !== ''
}
