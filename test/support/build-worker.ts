import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

/** Where the Worker that the integration tests run is built to, exactly as it would be deployed. */
export const WORKER_BUNDLE = join(root, 'dist/worker.js')

/** Once for the whole run. */
export async function buildWorker(): Promise<void> {
  const wrangler = 'node_modules/wrangler/bin/wrangler.js'
  await promisify(execFile)(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', 'dist'], {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  })
}
