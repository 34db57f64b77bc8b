/**
 * @module
 * Packed rows of made-up visits, by SQL. Values are drawn from lists, the first ones most often; a row has all of them at
 * most, which is just below the 600 keys that linkr keeps.
 */
import { DIMENSIONS, type Dimension, QUARTER_LETTERS } from '../../../src/visits/visit.ts'

interface Pool {
  readonly values: readonly string[]
  /** 1 = all alike; the higher, the more often the first ones are drawn. */
  readonly skew: number
  /** Share of visits that have one; the others have ''. */
  readonly share: number
}

const named = (count: number, name: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => name(i))
const letter = (i: number): string => String.fromCharCode(65 + (i % 26))

const POOLS: Readonly<Partial<Record<Dimension, Pool>>> = {
  country: { values: named(120, (i) => letter(Math.floor(i / 26)) + letter(i)), skew: 3, share: 1 },
  referrer: { values: named(150, (i) => `site-${i}.example`), skew: 3, share: 0.45 },
  device: { values: ['mobile', 'desktop', 'tablet', 'tv'], skew: 2, share: 1 },
  browser: { values: named(14, (i) => `Browser ${i}`), skew: 2.5, share: 1 },
  os: { values: named(10, (i) => `System ${i}`), skew: 2, share: 1 },
  language: { values: named(60, (i) => `${letter(i)}${letter(i + 7)}`.toLowerCase()), skew: 3, share: 0.97 },
  utmSource: { values: ['newsletter', 'social', 'ads', 'partner'], skew: 1, share: 0.1 },
  utmCampaign: { values: named(12, (i) => `campaign-${i}`), skew: 2, share: 0.1 },
  qr: { values: ['1'], skew: 1, share: 0.03 },
}

/** An expression: the value of a visit. */
export function drawValue(name: Dimension): string {
  const pool = POOLS[name]
  if (pool === undefined) return `''`
  const { values, skew, share } = pool
  const value = `('{${values.map((one) => `"${one}"`).join(',')}}'::text[])[1 + floor(${values.length} * random() ^ ${skew})::int]`
  return share === 1 ? value : `CASE WHEN random() < ${share} THEN ${value} ELSE '' END`
}

/** An expression: a quarter of an hour of the day, most often in the afternoon. */
const QUARTER = 'floor(48 * (random() + random()))::int % 96'

function drawKey(name: Dimension): string {
  const rules = DIMENSIONS[name]
  return 'storesEmpty' in rules
    ? `'${rules.letter}' || ${drawValue(name)}`
    : `'${rules.letter}' || nullif(${drawValue(name)}, '')`
}

/** Visits of a row that are drawn one by one; more are drawn as so many that count several times. */
const MAX_DRAWN = 3_000

/** A query: `id` and `dims` of each row of `wanted` (id, people, bots). Every dimension sums to the people. */
export function drawDetails(wanted: string): string {
  const keys = (Object.keys(POOLS) as Dimension[]).map(drawKey)
  const draw = (who: 'people' | 'bots', drawn: readonly string[]): string => `
    SELECT id, ${who} / d + (j <= ${who} % d)::int AS n, unnest(ARRAY[${drawn.join(', ')}]) AS key
    FROM (SELECT id, ${who}, least(${who}, ${MAX_DRAWN}) AS d FROM ${wanted}) AS w CROSS JOIN LATERAL generate_series(1, d) AS j`
  return `
    SELECT id, jsonb_object_agg(key, n) AS dims FROM (
      SELECT id, key, sum(n)::bigint AS n FROM (
        ${draw('people', [`'${QUARTER_LETTERS.people}' || ${QUARTER}`, ...keys])}
        UNION ALL
        ${draw('bots', [`'${QUARTER_LETTERS.bots}' || ${QUARTER}`])}
      ) AS drawn WHERE key IS NOT NULL GROUP BY id, key
    ) AS summed GROUP BY id`
}
