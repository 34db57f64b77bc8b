import { relative } from 'node:path'
import { OUTPUT } from './places.ts'

/** One Worker, and the socket that it serves. */
export interface Server {
  readonly name: string
  /** Absolute path of its one module. */
  readonly script: string
  readonly bindings?: Readonly<Record<string, string>>
  /** Binding name -> another server, whose other handlers (`scheduled`) may be called too. */
  readonly services?: Readonly<Record<string, string>>
  /** `false` = it has no socket. */
  readonly isPublic?: boolean
}

/** As in wrangler.toml. */
const COMPATIBILITY_DATE = '2026-10-01'

/** The text of a file in `OUTPUT`. Every server gets the same socket settings, so that only the Workers differ. */
export function workerdConfig(servers: readonly Server[]): string {
  const sockets = servers.filter(({ isPublic = true }) => isPublic)
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "internet", network = (allow = ["local", "private", "public"])),
${servers.map(serviceText).join('\n')}
  ],
  sockets = [
${sockets.map(({ name }) => `    (name = ${quote(name)}, address = "127.0.0.1:0", http = (), service = ${quote(name)}),`).join('\n')}
  ]
);
`
}

function serviceText({ name, script, bindings = {}, services = {} }: Server): string {
  const all = [
    ...Object.entries(bindings).map(([key, value]) => `(name = ${quote(key)}, text = ${quote(value)})`),
    ...Object.entries(services).map(
      ([key, service]) => `(name = ${quote(key)}, service = ${quote(service)})`,
    ),
  ]
  const flags = Object.keys(services).length > 0 ? ['service_binding_extra_handlers'] : []
  return `    (name = ${quote(name)}, worker = (
      modules = [(name = "worker.js", esModule = embed ${quote(relative(OUTPUT, script))})],
      compatibilityDate = ${quote(COMPATIBILITY_DATE)},
      compatibilityFlags = [${flags.map(quote).join(', ')}],
      bindings = [${all.join(', ')}],
      globalOutbound = "internet",
    )),`
}

const quote = (text: string): string => JSON.stringify(text)
