import { setTimeout as sleep } from 'node:timers/promises'
import { describeError } from '../log.ts'
import type { Stack } from './start-stack.ts'

/**
 * Says that the stack stops, and waits until an isolate must have committed every hit that it had gathered when this was called. It keeps them in its
 * memory, where no other process can ask for them.
 */
export function letHitsCommit({ config }: Stack): Promise<void> {
  console.log('\nStopping: the last hits are being flushed. Ctrl-C again to skip that.')
  return sleep(config.hits.maxCommitWindowMs + config.redis.timeoutMs)
}

/** Flushes for the last time and tells what became of the hits. Resolves to whether none were left behind. */
export async function lastFlush(stack: Stack): Promise<boolean> {
  try {
    const { hits } = await stack.flush()
    console.log(
      hits === 0 ? 'No hits were pending.' : `Flushed ${hits} pending ${hits === 1 ? 'hit' : 'hits'}.`,
    )
    return true
  } catch (error) {
    console.error(`Pending hits could not be flushed: ${describeError(error)}`)
    return false
  }
}
