#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * @module
 * `npx linkr ...`. Plain TypeScript: npx puts node_modules/.bin first in PATH, and the `node` there strips types, however
 * old the machine's own is. The small young generation costs no time, and saves 100 MB in an import of a million rows.
 */
import { EXIT } from './exit-code.ts'
import { run } from './program.ts'

let held: AbortController | undefined
process.on('SIGINT', () => {
  // The second Ctrl-C does not wait for what is under way.
  if (held === undefined || held.signal.aborted) process.exit(EXIT.interrupted)
  held.abort()
})
// `linkr export | head` ends the pipe early: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed)
})

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  holdInterrupt() {
    held = new AbortController()
    return held.signal
  },
})
