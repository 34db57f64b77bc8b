import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { CliError } from '../cli-error.ts'

/**
 * Writes a file under another name until it is whole: half an export must not pass for one. A symlink at either name is
 * replaced, never written through: in a folder that others may write to, it would lead to a file of ours.
 */
export async function writeWhole(path: string, text: AsyncIterable<string>): Promise<void> {
  try {
    if (await isDevice(path)) await pipeline(text, createWriteStream(path))
    else await writeThenRename(path, text)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`Cannot write ${path}: ${(error as Error).message}`, undefined, { cause: error })
  }
}

async function writeThenRename(path: string, text: AsyncIterable<string>): Promise<void> {
  const draft = `${path}.part`
  // What an export that was killed has left.
  await rm(draft, { force: true })
  const file = createWriteStream(draft, { flags: 'wx' })
  try {
    await pipeline(text, file)
    await rename(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(draft, { force: true })
    throw error
  }
}

/** A pipe, a terminal, /dev/null: nothing that another file could take the place of. */
async function isDevice(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found !== null && !found.isFile() && !found.isDirectory()
}
