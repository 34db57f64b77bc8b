import type { LinkKey, LinkRecord } from '../links/link.ts'

/** The fields that an owner decides: those of a link without its key and without those that Postgres assigns. */
export type LinkFields = Omit<
  LinkRecord,
  keyof LinkKey | 'id' | 'version' | 'createdAt' | 'updatedAt' | 'expiresAt'
> & {
  /** `null` = never. */
  readonly expiresAt: Date | null
}

/** `undefined` = leave as it is. */
export type LinkChanges = { readonly [Field in keyof LinkFields]?: LinkFields[Field] | undefined } & {
  readonly addTags?: readonly string[] | undefined
  readonly removeTags?: readonly string[] | undefined
  /** Where the link moves, with all its hits. */
  readonly domain?: string | undefined
  readonly code?: string | undefined
  /** Whether a link that moves leaves a copy of itself behind: a link of its own, with hits of its own. */
  readonly keepOldCode?: boolean | undefined
}
