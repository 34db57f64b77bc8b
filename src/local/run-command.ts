/**
 * Runs a command to its exit code. An error is a line for the person at the terminal, not a stack trace; nothing that
 * is still open keeps the process alive.
 */
export async function runCommand(command: () => Promise<number>): Promise<never> {
  try {
    process.exit(await command())
  } catch (error) {
    console.error(`linkr: ${error instanceof Error ? error.message : error}`)
    process.exit(1)
  }
}
