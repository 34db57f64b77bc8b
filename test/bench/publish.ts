/**
 * @module
 * `npm run bench:publish`: turns the newest results under .bench/ into the tables of docs/speed-and-cost.md and its chart.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chart } from './chart.ts'
import { costModel } from './cost-model.ts'
import type { FlushResult } from './flush.ts'
import { ROOT } from './places.ts'
import type { RedirectResult } from './redirects.ts'
import { loadResult } from './results.ts'
import type { SizeResult } from './size.ts'
import { redirectTable } from './summary.ts'
import { targets } from './targets.ts'

const CHART = 'images/cpu-per-redirect.svg'
const PAGE = join(ROOT, 'docs/speed-and-cost.md')
const [BEGIN, END] = ['<!-- bench:begin -->', '<!-- bench:end -->']

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

const page = readFileSync(PAGE, 'utf8')
const block = `${BEGIN}\n${section}${END}`
const pattern = new RegExp(`${BEGIN}[^]*${END}`)
if (!pattern.test(page)) throw new Error(`${PAGE} has no ${BEGIN} to write behind`)
writeFileSync(
  PAGE,
  page.replace(pattern, () => block),
)
writeFileSync(join(ROOT, 'docs', CHART), chart(redirect.result.summaries))
console.log(`Written to ${PAGE}`)
