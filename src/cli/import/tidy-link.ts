import { LINK_FIELD_NAMES, LINK_FIELDS, type LinkFieldName } from '../link-fields.ts'
import type { RawLink } from './raw-link.ts'
import { Refused } from './tidy-values.ts'

/** An item of `POST /api/links/import`; what is left out takes the API's default. */
export type ImportLink = { [Field in LinkFieldName]?: unknown }

export type Tidied =
  | { readonly link: ImportLink; readonly notes: readonly string[] }
  | { readonly problem: string }

/**
 * Refuses what no link can be made of, and keeps everything else as far as linkr has a place for it.
 * @param raw its `domain` is the namespace it goes to.
 * @param now milliseconds since the epoch.
 */
export function tidyLink(raw: RawLink, now: number): Tidied {
  // The report counts links, so each at most once.
  const notes = new Set((raw.lost ?? []).map((feature) => `imported without its ${feature}`))
  const context = { now, note: (text: string) => void notes.add(text) }
  if (raw.refused !== undefined) return { problem: raw.refused }
  try {
    const link: ImportLink = {}
    for (const name of LINK_FIELD_NAMES) {
      const value = LINK_FIELDS[name].tidy(raw[name], context)
      if (value !== undefined) link[name] = value
    }
    return { link, notes: [...notes] }
  } catch (error) {
    if (error instanceof Refused) return { problem: error.message }
    throw error
  }
}
