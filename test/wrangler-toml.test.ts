import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unstable_readConfig } from 'wrangler'

const file = join(import.meta.dirname, '../wrangler.toml')

test("wrangler.toml: the commented routes and variables, uncommented where they stand, are the Worker's", () => {
  const folder = mkdtempSync(join(tmpdir(), 'linkr-wrangler-'))
  const edited = join(folder, 'wrangler.toml')
  writeFileSync(edited, readFileSync(file, 'utf8').replaceAll(/^# (routes = |\[vars\]|DOMAINS = )/gm, '$1'))
  const { routes, vars, ...rest } = unstable_readConfig({ config: edited })
  const { routes: _none, vars: _no, ...shipped } = unstable_readConfig({ config: file })
  rmSync(folder, { recursive: true })
  expect(routes).toEqual([{ pattern: 'go.example.com', custom_domain: true }])
  expect(vars).toEqual({ DOMAINS: 'go.example.com' })
  for (const name of ['triggers', 'ratelimits', 'observability', 'minify', 'workers_dev'] as const) {
    expect(rest[name]).toEqual(shipped[name])
  }
})

test("wrangler.toml: linkr's events are logged, and no request with its headers", () => {
  const { observability } = unstable_readConfig({ config: file })
  expect(observability).toEqual({ logs: { enabled: true, invocation_logs: false } })
})
