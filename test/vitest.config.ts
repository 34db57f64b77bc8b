import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { ProgressReporter } from './support/progress-reporter.ts'

/** Where `.ci/run` wants a report that it can count. */
const jsonReport = process.env.VITEST_JSON

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..'),
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    silent: 'passed-only',
    reporters: [
      new ProgressReporter(
        'all of them take 2 to 3 minutes on two idle cores, three times that on busy ones',
      ),
      'default',
      ...(jsonReport ? [['json', { outputFile: jsonReport }] satisfies [string, unknown]] : []),
    ],
    // Nothing takes nearly as long, except on a loaded machine: what is too slow is a figure of the benchmarks.
    // The first test of a file starts its stores.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000, interval: 50 } },
    // Files are processes of their own; the longest come first.
    sequence: { shuffle: { files: false, tests: true } },
    // Most of them wait for a store or a time-out most of the time; by default a machine of two cores gets one worker.
    maxWorkers: 3,
    // V8 may abort while it replaces a wrapper around one of PGlite's imports (nodejs/node#64500), so it replaces none.
    execArgv: ['--wasm-wrapper-tiering-budget=2147483647'],
  },
})
