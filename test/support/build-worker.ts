import { execFileSync } from 'node:child_process'

/** Where the Worker that the integration tests run is built to, exactly as it would be deployed. */
export const WORKER_BUNDLE = new URL('../../dist/worker.js', import.meta.url).pathname

/** Vitest's global setup: one build for the whole run. */
export default function buildWorker(): void {
  execFileSync(
    process.execPath,
    ['node_modules/wrangler/bin/wrangler.js', 'deploy', '--dry-run', '--outdir', 'dist'],
    {
      cwd: new URL('../..', import.meta.url).pathname,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
      stdio: 'pipe',
    },
  )
}
