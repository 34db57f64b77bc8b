import { join } from 'node:path'

/** The repository. */
export const ROOT = join(import.meta.dirname, '../..')

/** Where runs leave what they measured and what they built; ignored by git. */
export const OUTPUT = join(ROOT, '.bench')
