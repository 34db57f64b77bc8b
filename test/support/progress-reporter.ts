import type { Reporter, TestSpecification, Vitest } from 'vitest/node'

/** Says at the start how long it takes, and every now and then how far it is. */
const EVERY_MS = 10_000

export class ProgressReporter implements Reporter {
  readonly #wholeRun: string
  #log: (text: string) => void = () => {}
  #files = 0
  #done = 0
  #startedAt = 0
  #saidAt = 0

  /** @param wholeRun how long all files take, for a person. */
  constructor(wholeRun: string) {
    this.#wholeRun = wholeRun
  }

  onInit(vitest: Vitest): void {
    this.#log = (text) => vitest.logger.log(text)
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#files = specifications.length
    this.#startedAt = this.#saidAt = performance.now()
    this.#log(`${this.#files} test files${this.#files > 50 ? `; ${this.#wholeRun}` : ''}`)
  }

  onTestModuleEnd(): void {
    this.#done++
    const now = performance.now()
    if (now - this.#saidAt < EVERY_MS) return
    this.#saidAt = now
    this.#log(
      `-- ${this.#done} of ${this.#files} files after ${Math.round((now - this.#startedAt) / 1000)} s`,
    )
  }
}
