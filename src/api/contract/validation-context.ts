/** What the schemas of a request depend on beside its text. */
export interface ValidationContext {
  /** Whether linkr itself responds at a host: a link to it could loop. */
  readonly isOwnHost: (host: string) => boolean
  /** Whether links and keys may be in a domain. */
  readonly isDomain: (domain: string) => boolean
  /** Whether the caller has the scope `admin`. */
  readonly isAdmin: boolean
  /** When the caller's key expires; `null` = never. */
  readonly callerExpiresAt: Date | null
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** For the API's description: it promises what the most privileged caller may send. */
export const ANY_CALLER: ValidationContext = {
  isOwnHost: () => false,
  isDomain: () => true,
  isAdmin: true,
  callerExpiresAt: null,
  now: () => 0,
}
