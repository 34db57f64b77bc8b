/** How long after the first signal the same one again is an echo: npm passes on what the terminal already sent to all. */
const ECHO_MS = 500

const ORPHAN_CHECK_MS = 250

/** Whatever is still under way this long after the first signal does not end by itself. */
const STOP_TIMEOUT_MS = 20_000

/**
 * The first Ctrl-C (or SIGTERM, a closed terminal, the end of npm) asks to stop and aborts the signal. A second one, or
 * 20 s without an end, ends the process at once, and `exit` handlers are then the only ones that run.
 */
export function listenForStop(): AbortSignal {
  const controller = new AbortController()
  let first: number | undefined
  const stop = (): void => {
    setTimeout(() => {
      console.error('Stopping took too long; what was under way is given up.')
      process.exit(1)
    }, STOP_TIMEOUT_MS).unref()
    controller.abort()
  }
  const onSignal = (): void => {
    if (first !== undefined && performance.now() - first > ECHO_MS) process.exit(130)
    first ??= performance.now()
    stop()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  // Where the terminal is gone, or the reader of a pipe, what we print must not end us before the hits are flushed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  if (process.env.npm_lifecycle_event !== undefined) whenOrphaned(stop)
  return controller.signal
}

/** A `kill` of npm ends npm and the shell between it and us, and neither tells us. */
function whenOrphaned(stop: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, ORPHAN_CHECK_MS).unref()
}

/** Resolves once `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
