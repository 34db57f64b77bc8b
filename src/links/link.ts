/** Where a link is found. `domain` is a host listed in `DOMAINS`, or `*` for every other host. */
export interface LinkKey {
  readonly domain: string
  readonly code: string
}

/** The key as one string. A domain has no slash, so no two links share a name. */
export const linkName = ({ domain, code }: LinkKey): string => `${domain}/${code}`

export const REDIRECT_STATUSES = [301, 302, 307, 308] as const
export type RedirectStatus = (typeof REDIRECT_STATUSES)[number]

/** What a redirect needs to know of a link; the only part that caches hold. */
export interface Link {
  /** A Postgres bigint in decimal. */
  readonly id: string
  readonly url: string
  readonly status: RedirectStatus
  readonly enabled: boolean
  /** Milliseconds since the epoch; `null` = never. */
  readonly expiresAt: number | null
  /** Whether the visitor's query string is appended to `url`. */
  readonly forwardQuery: boolean
  /** Drawn from one sequence at every insert, update and delete: of two versions of a key the greater is the newer. */
  readonly version: number
}

export const MAX_TAGS = 50

/** A link as its owner sees it. */
export interface LinkRecord extends Link, LinkKey {
  readonly title: string | null
  readonly tags: readonly string[]
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** A key as a write has left it; `link` = `null` = nothing is there any more. */
export type WrittenKey = LinkKey & { readonly version: number; readonly link: LinkRecord | null }
