import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Where the Worker that the integration tests run is built to, exactly as it would be deployed. */
export const WORKER_BUNDLE = join(import.meta.dirname, '../../dist/worker.js')

/** Vitest's global setup: one build for the whole run. */
export default function buildWorker(): void {
  execFileSync(
    process.execPath,
    ['node_modules/wrangler/bin/wrangler.js', 'deploy', '--dry-run', '--outdir', 'dist'],
    {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
      stdio: 'pipe',
    },
  )
}
