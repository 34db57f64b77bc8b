import getPort from 'get-port'

export interface PortWish {
  /** What will listen there, for the error. */
  readonly purpose: string
  /** The port that a setting names, and which one: `PORT`. It is taken or refused, never replaced. */
  readonly decided?: { readonly port: number; readonly by: string } | undefined
  /** Taken if it is free. */
  readonly preferred: number
}

const NEIGHBOURS = 10
const MAX_PORT = 65_535

/** A free loopback port: the decided one, else the preferred one or one of the next, else any. */
export async function choosePort({ purpose, decided, preferred }: PortWish): Promise<number> {
  const wanted = Array.from({ length: NEIGHBOURS }, (_, i) => preferred + i)
  const port = decided === undefined ? wanted.filter((each) => each <= MAX_PORT) : decided.port
  const free = await getPort({ port, host: '127.0.0.1', exclusive: true })
  if (decided === undefined || free === decided.port) return free
  throw new Error(
    `Port ${decided.port} is taken, and ${decided.by} asks for it (${purpose}). Stop what listens there, or change the port.`,
  )
}
