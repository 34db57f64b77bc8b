import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { choosePort } from '../../src/local/choose-port.ts'

describe('choosePort', () => {
  let server: Server
  let taken: number

  beforeAll(async () => {
    server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    taken = typeof address === 'object' && address !== null ? address.port : 0
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  test('goes on to another port when the preferred one is taken', async () => {
    const port = await choosePort({ purpose: 'test', preferred: taken })
    expect(port).not.toBe(taken)
  })

  test('names a decided port that is taken, and who decided', async () => {
    const wish = { purpose: 'Redis bridge', preferred: 1, decided: { port: taken, by: '.dev.vars' } }
    await expect(choosePort(wish)).rejects.toThrow(
      new RegExp(`^Port ${taken} is taken, and .dev.vars asks for it \\(Redis bridge\\)`),
    )
  })
})
