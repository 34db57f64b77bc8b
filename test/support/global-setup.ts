import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildWorker } from './build-worker.ts'
import { missingServices } from './missing-services.ts'

/** Before all test files: the Worker, and an embedded Postgres to start from. */
export default async function setUp(): Promise<() => Promise<void>> {
  const missing = missingServices(process.env)
  if (missing !== null) {
    console.error(missing)
    process.exit(2)
  }
  const folder = await mkdtemp(join(tmpdir(), 'linkr-test-'))
  const template = join(folder, 'pglite.tar')
  const make = join(import.meta.dirname, 'make-template.ts')
  await Promise.all([buildWorker(), promisify(execFile)(process.execPath, [make, template])])
  process.env.LINKR_TEST_TEMPLATE = template
  return () => rm(folder, { recursive: true })
}
