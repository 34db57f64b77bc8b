import type { Query } from './api-client.ts'

/** `?a=1&b=2`, or '' when there is nothing to say. */
export function searchOf(query: Query | undefined): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each))
  }
  return search.size === 0 ? '' : `?${search}`
}
