/**
 * @module
 * `npm run stack`: both stores for a Worker that is started by hand, until Ctrl-C.
 */

import { recordRunningStack } from '../node/running-stack.ts'
import { lastFlush, letHitsCommit } from './drain.ts'
import { runCommand } from './run-command.ts'
import { readStackOptions } from './stack-options.ts'
import { type Stack, startStack } from './start-stack.ts'
import { createSteps } from './steps.ts'
import { aborted, listenForStop } from './stop-signal.ts'

await runCommand(async () => {
  const stop = listenForStop()
  const options = readStackOptions(process.env)
  console.log("Starting linkr's local stack")
  const stack = await startStack(options, true, createSteps())
  recordRunningStack(options.dataDir, { databaseUrl: stack.databaseUrl })
  if (!stop.aborted) console.log(introduction(stack, options.devVarsFile))
  await aborted(stop)

  await letHitsCommit(stack)
  const flushed = await lastFlush(stack)
  await stack.close()
  return flushed ? 0 : 1
})

function introduction({ config, differences, ...stack }: Stack, devVarsFile: string): string {
  const start =
    differences.length === 0
      ? `  Start a Worker   npx wrangler dev        (settings: ${devVarsFile}${stack.wroteDevVars ? ', just written' : ''})`
      : `  Start a Worker   npx wrangler dev --env-file ${stack.envFile}\n` +
        `  Note             ${devVarsFile} was left as it is, and leads elsewhere with ${differences.join(', ')}`
  return `
linkr's local stack is up.

  Redis            ${stack.redisPlace}, for Upstash clients at ${config.redis.url}
  Postgres         ${stack.postgresPlace}, for Neon clients at ${config.postgres.fetchEndpoint}
${start}

Hits wait in Redis for POST /api/flush, or for Ctrl-C here, which flushes them.
`
}
