/**
 * @module
 * The vocabulary of visits: what is known of one, and by which names and letters it is stored and asked for.
 */

/** How a dimension is kept in the packed rows of a link and a day. */
interface DimensionRules {
  /** Its values are stored as this letter and the value. */
  readonly letter: string
  /** Whether '' is stored too. Otherwise it is what is left: people less all stored values. */
  readonly storesEmpty?: true
  /** So few values exist that they need no bound; of other dimensions the rarest are summed in `*`. */
  readonly isSmall?: true
}

/** In the order of a line's fields and of the visit log's columns. */
export const DIMENSIONS = {
  /** ISO 3166-1, two letters; `XX` = unknown, `T1` = Tor. */
  country: { letter: 'c', storesEmpty: true, isSmall: true },
  /** The host that linked here, without `www.`; '' = none, or the short link's own host. */
  referrer: { letter: 'r', storesEmpty: true },
  /** See `DEVICES`. */
  device: { letter: 'd', storesEmpty: true, isSmall: true },
  browser: { letter: 'b', storesEmpty: true },
  os: { letter: 'o', storesEmpty: true },
  /** The first acceptable one of Accept-Language, as `de` or `de-AT`; '' = none. */
  language: { letter: 'l', storesEmpty: true },
  /** The rule or split target that answered; '' = the link's own URL. */
  variant: { letter: 'v' },
  utmSource: { letter: 's' },
  utmMedium: { letter: 'm' },
  utmCampaign: { letter: 'n' },
  /** `1` = by a QR code. */
  qr: { letter: 'q', isSmall: true },
  /** Two letters; like the three after it '' unless the domain's settings ask for it. */
  continent: { letter: 'k', isSmall: true },
  region: { letter: 'g' },
  city: { letter: 't' },
  /** The number of the autonomous system. */
  asn: { letter: 'a' },
} as const satisfies Readonly<Record<string, DimensionRules>>

export type Dimension = keyof typeof DIMENSIONS
export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as readonly Dimension[]

/** Letters of the packed rows beside those of dimensions: quarters of an hour of a UTC day (0 to 95). */
export const QUARTER_LETTERS = { people: 'h', bots: 'H' } as const
export const QUARTER_S = 15 * 60
export const DAY_S = 24 * 60 * 60
export const DAY_MS = 1_000 * DAY_S

export const DEVICES = ['mobile', 'tablet', 'desktop', 'tv', 'other'] as const

/** Stands for the values of a dimension that are not told apart any more. No visit has it as its value. */
export const FOLDED = '*'
export const MAX_VALUE_LENGTH = 64

/** Each at most `MAX_VALUE_LENGTH` characters, without control characters; never `FOLDED`. */
export type VisitValues = Readonly<Record<Dimension, string>>

export const NO_VALUES = Object.fromEntries(DIMENSION_NAMES.map((name) => [name, ''])) as VisitValues

export interface Visit {
  /** A Postgres bigint in decimal. */
  readonly linkId: string
  /** Seconds since the epoch. */
  readonly at: number
  /** Bots are counted, and nothing but their country is kept. */
  readonly isBot: boolean
  /** The visitor's number of that day, 32 bits: see visitor.ts. `null` = not known, or not to be kept. */
  readonly visitor: number | null
  readonly values: VisitValues
}

/** A request for a code that no link has. */
export interface Miss {
  /** A host of `DOMAINS`, or `*`. */
  readonly domain: string
  readonly code: string
  /** Seconds since the epoch. */
  readonly at: number
}
