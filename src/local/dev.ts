/**
 * @module
 * `npm run dev`: the local stack, the Worker under `wrangler dev`, its cron triggers and a link to try, until Ctrl-C.
 */

import { PROJECT_DIR } from '../node/places.ts'
import { recordRunningStack } from '../node/running-stack.ts'
import { choosePort } from './choose-port.ts'
import { readCrons, scheduleCrons } from './crons.ts'
import { createDemoLink } from './demo-link.ts'
import { lastFlush, letHitsCommit } from './drain.ts'
import { runCommand } from './run-command.ts'
import { readStackOptions, type StackOptions } from './stack-options.ts'
import { type Stack, startStack } from './start-stack.ts'
import { createSteps, type Step } from './steps.ts'
import { aborted, listenForStop } from './stop-signal.ts'
import { startWranglerDev, type WranglerDev } from './wrangler-dev.ts'

await runCommand(async () => {
  const stop = listenForStop()
  const options = readStackOptions(process.env)
  const step = createSteps()
  console.log('Starting linkr')
  const stack = await startStack(options, false, step)
  try {
    return stop.aborted ? 0 : await serve(stack, options, stop, step)
  } finally {
    await stack.close()
  }
})

/** Until `stop`, or until wrangler ends. Resolves to the exit code. */
async function serve(stack: Stack, options: StackOptions, stop: AbortSignal, step: Step): Promise<number> {
  const port = await choosePort({
    purpose: 'the Worker',
    decided: options.ports.worker === undefined ? undefined : { port: options.ports.worker, by: 'PORT' },
    preferred: 8787,
  })
  const crons = readCrons(`${PROJECT_DIR}wrangler.toml`)
  const worker = await step('Worker: wrangler dev', () =>
    startWranglerDev({ port, envFile: stack.envFile, signal: stop }),
  )
  if (worker === null) return 0
  const { adminToken } = stack
  recordRunningStack(options.dataDir, {
    databaseUrl: stack.databaseUrl,
    worker: { url: worker.url, adminToken },
  })
  const stopCrons = scheduleCrons(crons, (pattern) => void fireCron(worker, pattern))
  try {
    const demo = await createDemoLink(worker.url, adminToken)
    worker.showOutput()
    if (!stop.aborted) console.log(introduction(stack, worker, demo, crons))
    await Promise.race([aborted(stop), worker.ended])
    if (stop.aborted) await Promise.race([letHitsCommit(stack), worker.ended])
    else console.error('\nwrangler dev has ended by itself.')
  } finally {
    stopCrons()
    await worker.stop()
  }
  return (await lastFlush(stack)) && stop.aborted ? 0 : 1
}

/** `wrangler dev` does not fire them by itself. */
async function fireCron({ url }: WranglerDev, pattern: string): Promise<void> {
  const trigger = `${url}/cdn-cgi/handler/scheduled?${new URLSearchParams({ cron: pattern })}`
  const problem = await fetch(trigger).then(
    (response) => (response.ok ? undefined : `status ${response.status}`),
    (error: unknown) => String(error),
  )
  if (problem !== undefined) console.error(`The cron ${pattern} failed: ${problem}`)
}

function introduction(stack: Stack, { url }: WranglerDev, demo: string, crons: readonly string[]): string {
  const authorization = `-H 'Authorization: Bearer ${stack.adminToken}'`
  return `
linkr is ready.

  Open a short link   ${demo}
  Read about the API  ${url}/api/docs
  Make another one    curl ${url}/api/links ${authorization} -d '{"url":"https://example.org/"}'
  Flush the hits      curl -X POST ${url}/api/flush ${authorization}
                      (cron: ${crons.join(', ') || 'none'}, UTC)
  Admin token         ${stack.adminToken}

  Redis               ${stack.redisPlace}
  Postgres            ${stack.postgresPlace}

Ctrl-C flushes the pending hits and stops everything.
`
}
