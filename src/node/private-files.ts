/**
 * @module
 * Files with tokens or data in them: only their owner reads them.
 */
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'

const STICKY = 0o1000

/** Makes the folder, or takes others' rights to it away; not from one that everybody uses, such as /tmp. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const { uid, mode } = statSync(path)
  if (uid === process.getuid?.() && (mode & STICKY) === 0) chmodSync(path, 0o700)
}

/** Replaces the file as a whole: who reads it sees the old or the new one. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.${process.pid}`
  rmSync(draft, { force: true })
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
  renameSync(draft, path)
}
