/** What the shell hears of a command's end. Scripts rely on these: add, never renumber. */
export const EXIT = {
  ok: 0,
  /** The server, the network, a file or linkr itself. */
  failed: 1,
  /** The command line, or a setting that it needs. */
  usage: 2,
  /** An import reached its end, but the server or linkr refused some rows. */
  rowsRejected: 3,
  /** Ctrl-C, as every shell reports it: 128 + SIGINT. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
