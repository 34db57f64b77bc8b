/**
 * @module
 * `npm run bench:publish`: turns the newest results under .bench/ into the tables of docs/speed-and-cost.md and its chart,
 * and into those of docs/scale.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApplyMeasurement } from './apply-visits.ts'
import { chart } from './chart.ts'
import type { CommitsRow } from './commits/bench-commits.ts'
import { commitsTable } from './commits/commits-table.ts'
import type { Pause } from './commits/redis-pauses.ts'
import { costModel } from './cost-model.ts'
import type { FlushResult } from './flush.ts'
import { ROOT } from './places.ts'
import type { RedirectResult } from './redirects.ts'
import { loadResult } from './results.ts'
import type { StatisticsResult } from './scale/statistics.ts'
import type { TableSize } from './scale/table-sizes.ts'
import { measured, scaleModel } from './scale-model.ts'
import type { SizeResult } from './size.ts'
import { redirectTable } from './summary.ts'
import { targets } from './targets.ts'

const CHART = 'images/cpu-per-redirect.svg'

const redirect = loadResult<RedirectResult>('redirect')
const flush = loadResult<FlushResult>('flush')
const size = loadResult<SizeResult>('size')
const { options, cores } = redirect.result

const busyOf = (name: string): string =>
  (100 * (redirect.result.summaries.find((summary) => summary.name === name)?.busy ?? Number.NaN)).toFixed(0)

const section = `![CPU time per redirect](${CHART})

${redirectTable(redirect.result)}

Medians of ${options.rounds} round${options.rounds === 1 ? '' : 's'} of ${options.seconds} s, with the middle half of them in brackets; ratios are of pairs, each round right after one
of the bare Worker, which sends the same answer. The stricter limit is a bare Worker that makes its \`Response\` once and shares
it, as linkr does; hot redirects are measured right before it too. Raw \`workerd serve\`${cores.server === null ? '' : ', servers on one core, load (autocannon) and bridges on another'};
stores: ${redirect.stores === 'services' ? 'Redis and Postgres on the same machine' : 'embedded'}. CPU is the server process's own account: a core
serves 1,000,000 / CPU µs requests a second, if the load generator keeps up (the hot redirect kept its core ${busyOf('hot')} % busy,
the bare Worker's throughput is then the load generator's too). Store requests are of one redirect alone; under load many
share a commit.
${redirect.machine}; ${redirect.measuredAt.slice(0, 10)}.

| promise | measured | |
| --- | ---: | --- |
${targets(redirect.result, flush.result, size.result)
  .map(({ promise, measured, isMet }) => `| ${promise} | ${measured} | ${isMet ? 'met' : '**not met**'} |`)
  .join('\n')}

The Worker by package, minified: ${size.result.packages
  .filter(({ bytes }) => bytes > 1024)
  .map(({ name, bytes }) => `${name} ${(bytes / 1024).toFixed(0)}`)
  .join(', ')} KiB.

Run it yourself: \`STORES=services npm run bench\`, \`bench:flush\`, \`bench:size\` (Redis and Postgres at \`REDIS_URL\` and
\`DATABASE_URL\`; without \`STORES\` embedded ones, which are slower than what they measure), then \`npm run bench:publish\`.
\`npm run bench:profile\` shows where the time goes.

## What a million redirects cost

${costModel(redirect.result)}
`

const commits = loadResult<{ readonly rows: readonly CommitsRow[]; readonly pauses: readonly Pause[] }>(
  'commits',
)
const applied = loadResult<readonly ApplyMeasurement[]>('apply')
const statistics = loadResult<StatisticsResult>('statistics')

writeBlock('docs/speed-and-cost.md', 'bench', section)
writeFileSync(join(ROOT, 'docs', CHART), chart(redirect.result.summaries))
writeBlock(
  'docs/scale.md',
  'traffic',
  scaleModel(
    measured(redirect.result, commits.result.rows, applied.result, bytesOf(statistics.result.tables)),
  ),
)
writeBlock('docs/scale.md', 'commits', commitsTable(commits.result.rows, commits.result.pauses))

/** Between the page's comments of that name. */
function writeBlock(path: string, name: string, text: string): void {
  const file = join(ROOT, path)
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const page = readFileSync(file, 'utf8')
  const pattern = new RegExp(`${begin}[^]*${end}`)
  if (!pattern.test(page)) throw new Error(`${path} has no ${begin} to write behind`)
  writeFileSync(
    file,
    page.replace(pattern, () => `${begin}\n${text.trimEnd()}\n${end}`),
  )
  console.log(`Written to ${path}`)
}

/** A row's, indices included. */
function bytesOf(tables: readonly TableSize[]) {
  const sizeOf = (name: string) => tables.find(({ table }) => table === name)
  const total = (name: string): number =>
    1e6 * ((sizeOf(name)?.megabytes ?? Number.NaN) + (sizeOf(name)?.indexMegabytes ?? Number.NaN))
  const rows = (name: string): number => sizeOf(name)?.rows ?? Number.NaN
  return {
    bytesPerLogged: total('visits') / rows('visits'),
    bytesPerLinkDay: (total('link_days') + total('link_details')) / rows('link_days'),
  }
}
