import type { Command } from 'commander'
import type { ApiClient } from '../api/api-client.ts'
import {
  flushResponse,
  healthResponse,
  RECONCILE_COUNTS,
  reconcileResponse,
  warmResponse,
} from '../api/responses.ts'
import { CliError } from '../cli-error.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { printFields } from '../terminal/table.ts'
import { printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand, type CommonOptions, connect } from './api-command.ts'
import { describeHealth } from './describe-health.ts'
import { wholeNumber } from './option-parsers.ts'

/** The API's bound for one request. */
const WARM_AT_ONCE = 1000

/** What an operator runs by hand or from a job: flush, warm, reconcile and health. */
export function addOperations(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  apiCommand(program, 'flush', 'Write the pending hits to Postgres now').action(
    async (options: CommonOptions) => {
      show(await flush(connect(terminal, options)), options)
    },
  )
  apiCommand(program, 'warm', 'Load the most used links into Redis')
    .option('--count <n>', 'how many', wholeNumber(1, 1_000_000), WARM_AT_ONCE)
    .action(async (options: CommonOptions & { readonly count: number }) => {
      show(await warm(connect(terminal, options), options.count), options)
    })
  apiCommand(program, 'reconcile', 'Find and repair differences between Redis and Postgres')
    .option('--full', 'look at every link, however long it takes')
    .action(async (options: CommonOptions & { readonly full?: boolean }) => {
      show(await reconcile(connect(terminal, options), options.full === true), options)
    })
  apiCommand(program, 'health', 'Show whether linkr and its stores are well; exits with 1 if not').action(
    async (options: CommonOptions) => {
      const api = connect(terminal, options)
      const health = await api.request('GET /health', healthResponse, { alsoAccepts: 503 })
      if (options.json === true) printJson(terminal, health)
      else printFields(terminal, describeHealth(health))
      if (health.status !== 'ok') end(EXIT.failed)
    },
  )

  function show(report: Readonly<Record<string, unknown>>, { json }: CommonOptions): void {
    const textOf = (value: unknown): string =>
      typeof value === 'object' ? JSON.stringify(value) : String(value)
    const fields = Object.entries(report).map(([name, value]) => [name, textOf(value)] as const)
    if (json === true) printJson(terminal, report)
    else printFields(terminal, fields)
  }
}

/** One request flushes what an invocation of the Worker may; further ones do the rest. */
async function flush(api: ApiClient): Promise<Readonly<Record<string, unknown>>> {
  const sum: Record<string, unknown> = {}
  const add = (before: unknown, value: unknown): unknown =>
    typeof before === 'number' && typeof value === 'number' ? before + value : value
  for (const mustAdvance = patience(); ; ) {
    const { hasMore, ...report } = await api.request('POST /flush', flushResponse)
    for (const [name, value] of Object.entries(report)) sum[name] = add(sum[name], value)
    if (!hasMore) return sum
    mustAdvance(report.claimed ?? 0)
  }
}

/** A full run takes as many requests as it needs to see every link. */
async function reconcile(api: ApiClient, full: boolean): Promise<Readonly<Record<string, unknown>>> {
  const sum = { drained: 0, checked: 0, repaired: 0, released: 0 }
  for (const mustAdvance = patience(); ; ) {
    const response = await api.request('POST /reconcile', reconcileResponse, { body: { full } })
    const { complete, ...counts } = response
    for (const name of RECONCILE_COUNTS) sum[name] += counts[name]
    if (complete || !full) return { ...sum, complete }
    mustAdvance(counts.checked + counts.repaired)
  }
}

async function warm(api: ApiClient, count: number): Promise<Readonly<Record<string, unknown>>> {
  const sum = { links: 0, warmed: 0 }
  const mustAdvance = patience()
  while (sum.links < count) {
    const body = { count: Math.min(WARM_AT_ONCE, count - sum.links), offset: sum.links }
    const { links, warmed, complete } = await api.request('POST /warm', warmResponse, { body })
    sum.links += links
    sum.warmed += warmed
    if (complete && links < body.count) break
    mustAdvance(links)
  }
  return sum
}

/** Requests in a row that got nowhere: the preparation of a full reconciliation is one. */
const MAX_IDLE_REQUESTS = 5

/** Ends what would go on for ever. */
function patience(): (progress: number) => void {
  let idle = 0
  return (progress) => {
    idle = progress > 0 ? 0 : idle + 1
    if (idle < MAX_IDLE_REQUESTS) return
    throw new CliError(
      'linkr gets nowhere within the subrequests of one request. See SUBREQUESTS in docs/deploy.md.',
    )
  }
}
