/**
 * @module
 * Builds what is measured, with the settings it is deployed with.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { OUTPUT, ROOT } from './places.ts'

export interface Bundle {
  /** The one module. */
  readonly script: string
  /** esbuild's account of what went into it. */
  readonly metafile: string
}

export interface BuildOptions {
  /** Relative to the repository; default: what wrangler.toml names. */
  readonly entry?: string
  /** Not minified, for a profile. */
  readonly isReadable?: boolean
}

function build(name: string, { entry, isReadable = false }: BuildOptions): Bundle {
  const folder = join(OUTPUT, name)
  const metafile = join(folder, 'meta.json')
  execFileSync(
    process.execPath,
    [
      'node_modules/wrangler/bin/wrangler.js',
      'deploy',
      ...(entry === undefined ? [] : [entry]),
      ...(isReadable ? ['--no-minify'] : []),
      ...['--dry-run', '--outdir', folder, '--metafile', metafile],
    ],
    { cwd: ROOT, env: { ...process.env, WRANGLER_SEND_METRICS: 'false' }, stdio: 'pipe' },
  )
  const file = entry === undefined ? 'worker.js' : `${name}.js`
  return { script: join(folder, file), metafile }
}

export function buildLinkr(options: Pick<BuildOptions, 'isReadable'> = {}): Bundle {
  return build(options.isReadable ? 'linkr-readable' : 'linkr', options)
}
export const buildBare = (): Bundle => build('bare', { entry: 'test/bench/subjects/bare.ts' })
export const buildShared = (): Bundle => build('shared', { entry: 'test/bench/subjects/shared.ts' })
export const buildHono = (): Bundle => build('hono', { entry: 'test/bench/subjects/hono.ts' })
export const buildCron = (): Bundle => build('cron', { entry: 'test/bench/subjects/cron.ts' })
