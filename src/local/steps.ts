/** Does a step of something long, and tells that it does, and then how long it took. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>

const TICK_MS = 1_000

/** A line for each step; on a terminal its seconds are counted. */
export function createSteps(out: NodeJS.WriteStream = process.stdout): Step {
  return async (what, work) => {
    const startedAt = performance.now()
    const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
    const line = `  ${what} ...`
    out.write(line)
    const timer = out.isTTY ? setInterval(() => out.write(`\r${line} ${seconds()}`), TICK_MS) : undefined
    try {
      const result = await work()
      out.write(`${out.isTTY ? `\r${line}` : ''} ${seconds()}\n`)
      return result
    } catch (error) {
      out.write(' failed\n')
      throw error
    } finally {
      clearInterval(timer)
    }
  }
}
