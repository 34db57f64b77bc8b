import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * Every command that Redis runs on keys of one prefix, those inside Lua scripts too: Upstash bills each of them, and the
 * script itself.
 */
export interface RedisMonitor {
  readonly commands: readonly string[]
  reset(): void
  close(): void
}

/** `null` where Redis has no MONITOR. */
export async function monitorRedis(redisUrl: string, keyPrefix: string): Promise<RedisMonitor | null> {
  const { hostname, port, password } = new URL(redisUrl)
  const socket = connect(Number(port || 6379), hostname)
  await once(socket, 'connect')
  const lines = createInterface({ input: socket })
  const requests = [...(password === '' ? [] : [['AUTH', decodeURIComponent(password)]]), ['MONITOR']]
  for (const request of requests) {
    socket.write(`*${request.length}\r\n${request.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`)
    // A server that hangs up has no MONITOR either.
    const [line] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?]
    if (!line?.startsWith('+')) {
      socket.destroy()
      return null
    }
  }
  const commands: string[] = []
  lines.on('line', (line) => {
    if (!line.includes(keyPrefix)) return
    const name = /^\+[\d.]+ \[[^\]]*\] "(\w+)"/.exec(line)?.[1]
    if (name !== undefined) commands.push(name.toUpperCase())
  })
  return {
    commands,
    reset() {
      commands.length = 0
    },
    close: () => socket.destroy(),
  }
}
