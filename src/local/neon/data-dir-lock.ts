import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makePrivateFolder } from '../../node/private-files.ts'
import { isAlive } from '../../node/process-alive.ts'

/** Locks of this process: in a container every run may get the same pid, so an own pid in a file proves nothing. */
const held = new Set<string>()

/**
 * Refuses a folder that another live process uses: two PGlites on one folder destroy it. The file holds the owner's
 * pid, so a lock whose owner was killed is no lock. Returns the release.
 */
export function lockDataDir(lockFile: string): () => void {
  makePrivateFolder(dirname(lockFile))
  if (!tryLock(lockFile)) {
    const owner = ownerOf(lockFile)
    if (owner === process.pid ? held.has(lockFile) : isAlive(owner)) throw inUse(lockFile, owner)
    rmSync(lockFile, { force: true })
    // someone else may have found it stale at the same moment
    if (!tryLock(lockFile)) throw inUse(lockFile, ownerOf(lockFile))
  }
  held.add(lockFile)
  return () => {
    if (held.delete(lockFile)) rmSync(lockFile, { force: true })
  }
}

function tryLock(lockFile: string): boolean {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function ownerOf(lockFile: string): number {
  try {
    return Number.parseInt(readFileSync(lockFile, 'utf8'), 10)
  } catch {
    return Number.NaN
  }
}

function inUse(lockFile: string, pid: number): Error {
  const fix = `stop it, use another data folder, or delete ${lockFile} if that process is something else`
  return new Error(`The data folder ${dirname(lockFile)} is in use by process ${pid}: ${fix}.`)
}
