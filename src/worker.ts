/**
 * @module
 * The Worker's entry: redirects what this isolate's memory knows, hands every other request to the app and cron events
 * to the flush.
 */
import { env, waitUntil } from 'cloudflare:workers'
import { createApp } from './app.ts'
import { type Env, parseConfig } from './config.ts'
import { runCron } from './cron.ts'
import { ConfigError } from './errors.ts'
import { log } from './log.ts'
import { locateRequest } from './redirect/locate.ts'
import { redirectFromMemory } from './redirect/redirect.ts'
import { createRuntime } from './runtime.ts'
import { createServices, type Services } from './services.ts'

/** Composed on the first event of an isolate that needs them; its bindings never change. */
let composed: Services | undefined
let misconfigured: ConfigError | undefined

function services(): Services {
  if (misconfigured !== undefined) throw misconfigured
  try {
    composed ??= createServices(parseConfig(env as unknown as Env), createRuntime(waitUntil))
    return composed
  } catch (error) {
    if (error instanceof ConfigError) {
      log.error('misconfigured', { problems: error.message.split('\n') })
      misconfigured = error
    }
    throw error
  }
}

const app = createApp(services)

export default {
  fetch(request) {
    // Memory is empty until a request has needed the services.
    if (composed === undefined) return app.fetch(request)
    const located = locateRequest(request, composed.config.domains)
    return redirectFromMemory(located, request, composed) ?? app.fetch(request, { located })
  },
  scheduled: () => runCron(services()),
} satisfies ExportedHandler
