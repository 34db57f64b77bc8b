import { createServer } from 'node:net'

export interface PortWish {
  /** What will listen there, for the error. */
  readonly purpose: string
  /** The port somebody decided on, and who: `PORT in the environment`. It is taken or refused, never replaced. */
  readonly decided?: { readonly port: number; readonly by: string } | undefined
  /** Taken if it is free. */
  readonly preferred: number
}

/** A free loopback port: the decided one, else the preferred one or one of the next, else any. */
export async function choosePort({ purpose, decided, preferred }: PortWish): Promise<number> {
  if (decided !== undefined) {
    if (await isFree(decided.port)) return decided.port
    throw new Error(
      `Port ${decided.port} is taken, and ${decided.by} asks for it (${purpose}). Stop what listens there, or change the port.`,
    )
  }
  for (let port = preferred; port < preferred + NEIGHBOURS; port++) {
    if (await isFree(port)) return port
  }
  return anyFree()
}

const NEIGHBOURS = 10

function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  )
}

function anyFree(): Promise<number> {
  return listenOnce(0)
}

/** Resolves to the port, which is free again by then. */
function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}
