import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Where `.ci/run` wants a report that it can count. */
const jsonReport = process.env.VITEST_JSON

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..'),
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-worker.ts'],
    silent: 'passed-only',
    reporters: jsonReport ? ['default', ['json', { outputFile: jsonReport }]] : ['default'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is polled for is there within moments, except on a loaded machine.
    expect: { poll: { timeout: 20_000, interval: 50 } },
    sequence: { shuffle: true },
    // Most of them wait for a store or a time-out most of the time; by default a machine of two cores gets one worker.
    maxWorkers: 2,
    // V8 may abort while it replaces a wrapper around one of PGlite's imports (nodejs/node#64500), so it replaces none.
    execArgv: ['--wasm-wrapper-tiering-budget=2147483647'],
  },
})
