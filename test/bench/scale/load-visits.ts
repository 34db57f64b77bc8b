import { getTableColumns } from 'drizzle-orm'
import type pg from 'pg'
import { visits } from '../../../src/postgres/visit-schema.ts'
import { DIMENSION_NAMES } from '../../../src/visits/visit.ts'
import { drawDetails, drawValue } from './draw-details.ts'
import { withoutIndices } from './without-indices.ts'

export interface LoadOptions {
  readonly links: number
  /** Including today. */
  readonly days: number
  /** On average. */
  readonly visitsPerDay: number
  readonly logDays: number
}

/** Links of a tag. */
const TAG_SIZE = 1_000
export const DOMAINS = ['go.example', 'links.example', 'x.example'] as const
/** Days for which visitors are told apart. */
const VISITOR_DAYS = 3
const MISSED_CODES = 1_000
/** Sizes of days up to which each is drawn as it is; greater ones in steps of `STEP`. */
const SMALL = 40
const STEP = 1.1
const BOTS = 0.1
const PRIME = 7_368_787
const REGISTERS = 16_384

const TABLES = [
  ...['links', 'link_hits', 'link_days', 'link_details', 'link_visitors'],
  ...['domain_days', 'domain_details', 'domain_visitors', 'visits', 'misses'],
]

/** An expression: the place of a link by its visits, from 1. Neighbours by id are not neighbours by visits. */
const rankOf = (id: string, links: number): string => `(1 + ${id}::bigint * ${PRIME} % ${links})`

/** The ids of the links at these places. */
export function idsAt(ranks: readonly number[], links: number): string[] {
  const wanted = new Set(ranks)
  const ids = new Map<number, string>()
  for (let id = 1; id <= links; id++) {
    const rank = 1 + Number((BigInt(id) * BigInt(PRIME)) % BigInt(links))
    if (wanted.has(rank)) ids.set(rank, `${id}`)
  }
  return ranks.map((rank) => ids.get(rank) ?? '')
}

/** As `insertLinks` has it. */
export const tagOf = (id: string): string => `tag-${Math.floor((Number(id) - 1) / TAG_SIZE)}`

/** Links and their visits, as the tables would have them after so many days; the busiest link has 1 of 14 visits if there are a million. */
export async function loadVisits(
  client: pg.Client,
  options: LoadOptions,
  onStep: (step: string) => void,
): Promise<void> {
  const { links, days, visitsPerDay, logDays } = options
  const step = async (name: string, text: string, params?: unknown[]): Promise<void> => {
    onStep(name)
    await client.query(text, params)
  }
  await client.query(`SELECT setseed(0.5), set_config('synchronous_commit', 'off', false),
    set_config('work_mem', '512MB', false), set_config('maintenance_work_mem', '1GB', false), set_config('jit', 'off', false)`)
  // Without triggers: foreign keys hold as it is, and rows of link_hits come at the end.
  await client.query("SELECT set_config('session_replication_role', 'replica', false)")
  await withoutIndices(client, TABLES, async () => {
    await step('links', insertLinks(links))
    const harmonic = Array.from({ length: links }, (_, i) => 1 / (i + 1)).reduce((sum, one) => sum + one, 0)
    const busiest = visitsPerDay / harmonic
    await step('templates', makeTemplates(2 * busiest))
    await client.query('ANALYZE templates, sizes')
    await client.query(
      `CREATE TEMP TABLE rates AS SELECT id, ${busiest}::float8 / ${rankOf('id', links)} AS rate FROM links`,
    )
    for (let ago = days - 1; ago >= 0; ago--) {
      await step(`day ${days - ago}`, insertDay(ago))
    }
    await step('domains', insertDomains())
    await step('visitors', insertVisitors())
    for (let ago = logDays - 1; ago >= 0; ago--) await step('log', insertLog(ago))
    await step('misses', insertMisses(days))
    await step(
      'hits',
      `INSERT INTO link_hits (link_id, hits, bots, last_hit_at)
       SELECT id, coalesce(hits, 0), coalesce(bots, 0), CASE WHEN hits > 0 THEN now() END FROM links LEFT JOIN (
         SELECT link_id, sum(hits)::bigint AS hits, sum(bots)::bigint AS bots FROM link_days GROUP BY link_id
       ) AS d ON link_id = id`,
    )
    onStep('indices')
  })
  // As autovacuum would by and by, and then not while something is measured.
  await step('vacuum', `VACUUM (ANALYZE) ${TABLES.join(', ')}`)
}

const insertLinks = (links: number): string => `
  INSERT INTO links (domain, code, url, tags, created_at)
  SELECT ('{${[...Array(6).fill(DOMAINS[0]), ...Array(3).fill(DOMAINS[1]), DOMAINS[2]].join(',')}}'::text[])[1 + n % 10],
    'c' || n, 'https://www.example.com/articles/' || n, ARRAY['tag-' || (n - 1) / ${TAG_SIZE}], now() - n * interval '1 second'
  FROM generate_series(1, ${links}) AS n`

/** Days to choose from: `sizes` says which rows of `templates` a day of so many hits may be. */
const makeTemplates = (largest: number): string => `
  CREATE TEMP TABLE sizes AS
    SELECT size, hits, variants, 1 + sum(variants) OVER (ORDER BY size) - variants AS first FROM (
      SELECT size, CASE WHEN size <= 3 THEN 2000 WHEN size <= ${SMALL} THEN 200 ELSE 6 END AS variants,
        CASE WHEN size <= ${SMALL} THEN size ELSE round(${SMALL} * ${STEP} ^ (size - ${SMALL})) END::bigint AS hits
      FROM generate_series(1, ${SMALL} + ceil(ln(greatest(${largest}, ${SMALL}) / ${SMALL}.0) / ln(${STEP}))::int) AS size
    ) AS s;
  CREATE TEMP TABLE drawn AS SELECT id, hits - bots AS people, bots FROM (
    SELECT (first + i)::int AS id, hits, floor(hits * ${BOTS} + random())::bigint AS bots
    FROM sizes CROSS JOIN LATERAL generate_series(0, variants - 1) AS i) AS s;
  CREATE TEMP TABLE templates AS
    SELECT id, people + bots AS hits, bots, ceil(people * 0.85)::int AS visitors, dims
    FROM drawn JOIN (${drawDetails('drawn')}) AS d USING (id)`

/** Few links have many visits, many links few, and not on each day. */
const insertDay = (ago: number): string => `
  DROP TABLE IF EXISTS picked;
  CREATE TEMP TABLE picked AS
    SELECT link_id, (first + floor(random() * variants))::int AS id FROM (
      SELECT id AS link_id, CASE WHEN rate >= 20 THEN round(rate * (0.7 + 0.6 * random()))
        ELSE floor(ln(1 - random()) / ln(rate / (1 + rate))) END AS n FROM rates
    ) AS r JOIN sizes ON size = CASE WHEN n <= ${SMALL} THEN n ELSE ${SMALL} + round(ln(n / ${SMALL}) / ln(${STEP})) END::int
    WHERE n > 0;
  ANALYZE picked;
  INSERT INTO link_days (link_id, day, hits, bots, visitors)
    SELECT link_id, ${dayOf(ago)}, hits, bots, visitors FROM picked JOIN templates USING (id);
  INSERT INTO link_details (link_id, day, dims)
    SELECT link_id, ${dayOf(ago)}, dims FROM picked JOIN templates USING (id)`

const dayOf = (ago: number): string => `(now() AT TIME ZONE 'UTC')::date - ${ago}`

const insertDomains = (): string => `
  INSERT INTO domain_days (domain, day, hits, bots, visitors)
    SELECT coalesce(domain, ''), day, sum(hits), sum(bots), (0.8 * sum(visitors))::int
    FROM link_days JOIN links ON id = link_id GROUP BY GROUPING SETS ((domain, day), (day));
  CREATE TEMP TABLE drawn_domains AS
    SELECT row_number() OVER ()::int AS id, domain, day, hits - bots AS people, bots FROM domain_days;
  INSERT INTO domain_details (domain, day, dims)
    SELECT domain, day, dims FROM drawn_domains JOIN (${drawDetails('drawn_domains')}) AS d USING (id)`

/** Numbers while they are few; then registers, each as high as so many visitors would have it. */
const insertVisitors = (): string =>
  [
    ['link_visitors', 'link_id', 'link_days'],
    ['domain_visitors', 'domain', 'domain_days'],
  ]
    .map(
      ([table, owner, days]) => `
  INSERT INTO ${table} (${owner}, day, numbers, registers)
    SELECT ${owner}, day, CASE WHEN visitors <= 256 THEN ARRAY(
        SELECT (random() * 4294967295 - 2147483648)::int FROM generate_series(1, visitors)) END,
      CASE WHEN visitors > 256 THEN ARRAY(
        SELECT 16 * r + least(15, rank) FROM (
          SELECT r, ceil(ln(visitors / ${REGISTERS}.0::float8 / -ln(1 - random())) / ln(2::float8))::int AS rank
          FROM generate_series(0, ${REGISTERS - 1}) AS r OFFSET 0
        ) AS ranks WHERE rank > 0) END
    FROM ${days} WHERE day > ${dayOf(VISITOR_DAYS)} AND visitors > 0`,
    )
    .join(';')

function insertLog(ago: number): string {
  const columns = DIMENSION_NAMES.map((name) => getTableColumns(visits)[name].name)
  // Of bots nothing is known but their country.
  const values = DIMENSION_NAMES.map((name) =>
    name === 'country' ? drawValue(name) : `CASE WHEN i <= bots THEN '' ELSE ${drawValue(name)} END`,
  )
  return `
  INSERT INTO visits (link_id, at, is_bot, visitor, ${columns.join(', ')})
    SELECT link_id, at, i <= bots, CASE WHEN i > bots THEN (random() * 4294967295 - 2147483648)::int END, ${values.join(', ')}
    FROM (
      SELECT link_id, bots, i, day::timestamp AT TIME ZONE 'UTC' + random() * interval '86399 seconds' AS at
      FROM link_days CROSS JOIN LATERAL generate_series(1, hits) AS i WHERE day = ${dayOf(ago)} ORDER BY at
    ) AS v`
}

const insertMisses = (days: number): string => `
  INSERT INTO misses (domain, day, code, misses)
    SELECT domain, day, 'missed-' || n, 1 + floor(1000 * random() ^ 6)
    FROM unnest('{${DOMAINS.join(',')}}'::text[]) AS domain, generate_series(1, ${MISSED_CODES}) AS n,
      LATERAL (SELECT ${dayOf(0)} - ago AS day FROM generate_series(0, ${days - 1}) AS ago) AS d`
