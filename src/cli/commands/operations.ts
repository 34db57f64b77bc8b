import type { Command } from 'commander'
import type * as v from 'valibot'
import type { ApiClient } from '../api/api-client.ts'
import { anyObject, healthResponse, reconcileResponse, warmResponse } from '../api/responses.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { printFields } from '../terminal/table.ts'
import { printJson, type Terminal } from '../terminal/terminal.ts'
import { apiCommand } from './api-command.ts'
import { type CommonOptions, connect } from './context.ts'
import { describeHealth } from './describe-health.ts'
import { wholeNumber } from './option-parsers.ts'

/** The API's bound for one request. */
const WARM_AT_ONCE = 1000

/** What an operator runs by hand or from a job: flush, warm, reconcile and health. */
export function addOperations(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  apiCommand(program, 'flush', 'Write the pending hits to Postgres now').action((options: CommonOptions) =>
    post('/flush', undefined, options),
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
      const health = await connect(terminal, options).request({
        method: 'GET',
        path: '/health',
        alsoAccepts: 503,
        response: healthResponse,
      })
      if (options.json === true) printJson(terminal, health)
      else printFields(terminal, describeHealth(health))
      if (health.status !== 'ok') end(EXIT.failed)
    },
  )

  async function post(path: string, body: object | undefined, options: CommonOptions): Promise<void> {
    const api = connect(terminal, options)
    show(await api.request({ method: 'POST', path, body, response: anyObject }), options)
  }

  function show(report: Readonly<Record<string, unknown>>, { json }: CommonOptions): void {
    if (json === true) {
      printJson(terminal, report)
      return
    }
    printFields(
      terminal,
      Object.entries(report).map(([name, value]) => [
        name,
        typeof value === 'object' ? JSON.stringify(value) : String(value),
      ]),
    )
  }
}

/** A full run takes as many requests as it needs to see every link. */
async function reconcile(api: ApiClient, full: boolean): Promise<Readonly<Record<string, unknown>>> {
  const sum = { drained: 0, checked: 0, repaired: 0, released: 0 }
  for (;;) {
    const request = {
      method: 'POST',
      path: '/reconcile',
      body: { full },
      response: reconcileResponse,
    } as const
    const { drained, checked, repaired, released, complete } = await api.request(request)
    sum.drained += drained
    sum.checked += checked
    sum.repaired += repaired
    sum.released += released
    if (complete || !full) return { ...sum, complete }
  }
}

async function warm(api: ApiClient, count: number): Promise<v.InferOutput<typeof warmResponse>> {
  const sum = { links: 0, warmed: 0 }
  for (let offset = 0; offset < count; offset += WARM_AT_ONCE) {
    const body = { count: Math.min(WARM_AT_ONCE, count - offset), offset }
    const { links, warmed } = await api.request({
      method: 'POST',
      path: '/warm',
      body,
      response: warmResponse,
    })
    sum.links += links
    sum.warmed += warmed
    if (links < body.count) break
  }
  return sum
}
