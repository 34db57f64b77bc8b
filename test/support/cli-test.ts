import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../cli/support/run-cli.ts'
import { ADMIN_TOKEN, type Edge } from './edge.ts'
import { test as linkr } from './linkr.ts'

/** Environment of a CLI that talks to this edge location. */
export const cliEnv = (edge: Edge, token = ADMIN_TOKEN) => ({ LINKR_URL: edge.url, LINKR_TOKEN: token })

/** A test of the CLI against the real API. */
export const test = linkr
  .extend('cli', ({ edge }) => {
    return (...argv: string[]) => runCli(argv, { env: cliEnv(edge) })
  })
  /** Empty, and gone after the test. */
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it which fixtures this one needs.
  .extend('folder', async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'linkr-cli-'))
    onCleanup(() => rm(folder, { recursive: true }))
    return folder
  })
