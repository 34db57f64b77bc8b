/** The repository. */
export const ROOT = new URL('../..', import.meta.url).pathname

/** Where runs leave what they measured and what they built; ignored by git. */
export const OUTPUT = new URL('../../.bench', import.meta.url).pathname
