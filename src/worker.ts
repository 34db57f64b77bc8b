/**
 * @module
 * The Worker's entry: hands requests to the app and cron events to the flush, and nothing else.
 */
import { env, waitUntil } from 'cloudflare:workers'
import { createApp } from './app.ts'
import { type Env, parseConfig } from './config.ts'
import { runCron } from './cron.ts'
import { ConfigError } from './errors.ts'
import { log } from './log.ts'
import { createRuntime } from './runtime.ts'
import { createServices, type Services } from './services.ts'

/** Composed on the first event of an isolate; its bindings never change. */
let composed: Services | ConfigError | undefined

function services(): Services {
  composed ??= compose(env as unknown as Env)
  if (composed instanceof ConfigError) throw composed
  return composed
}

function compose(bindings: Env): Services | ConfigError {
  try {
    return createServices(parseConfig(bindings), createRuntime(waitUntil))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    log.error('misconfigured', { problems: error.message.split('\n') })
    return error
  }
}

const app = createApp(services)

export default {
  fetch: (request) => app.fetch(request),
  scheduled: () => runCron(services()),
} satisfies ExportedHandler
