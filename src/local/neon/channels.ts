import type { Duplex } from 'node:stream'
import { message, messagesOf, typeOf } from './wire-messages.ts'

/** `LISTEN a`, `UNLISTEN "A b"`, `UNLISTEN *`, anywhere in a text; one that only looks like it does no harm. */
const COMMAND = /\b(un)?listen\s+(\*|"(?:[^"]|"")+"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)/gi

/** What a statement asks for, once its transaction is committed. */
export interface Subscription {
  /** `*` = all, of an UNLISTEN. */
  readonly channel: string
  readonly listen: boolean
}

export function subscriptionsIn(sql: string): readonly Subscription[] {
  return [...sql.matchAll(COMMAND)].map(([, un, name = '']) => ({
    channel: name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase(),
    listen: un === undefined,
  }))
}

/** Which client listens to what. The one backend listens to all of it, and is sent all notifications. */
export class Channels {
  readonly #byClient = new Map<Duplex, Set<string>>()

  get isEmpty(): boolean {
    return this.#byClient.size === 0
  }

  apply(client: Duplex, subscriptions: readonly Subscription[]): void {
    const own = this.#byClient.get(client) ?? new Set()
    for (const { channel, listen } of subscriptions) {
      if (listen) own.add(channel)
      else if (channel === '*') own.clear()
      else own.delete(channel)
    }
    if (own.size > 0) this.#byClient.set(client, own)
    else this.#byClient.delete(client)
  }

  forget(client: Duplex): void {
    this.#byClient.delete(client)
  }

  /** What makes the backend listen again to all that a client still wants. */
  relisten(): string {
    const channels = new Set([...this.#byClient.values()].flatMap((own) => [...own]))
    return [...channels].map((channel) => `LISTEN "${channel.replaceAll('"', '""')}"`).join('; ')
  }

  /**
   * Sends the notifications in a reply to those who listen, from process `sender`, and returns the reply as its own
   * client may see it.
   */
  deliver(reply: Buffer, client: Duplex, sender: number): Buffer {
    if (this.isEmpty) return reply
    const kept: Buffer[] = []
    for (const wire of messagesOf(reply)) {
      if (typeOf(wire) !== 'A') kept.push(wire)
      else {
        const channel = wire.toString('utf8', 9, wire.indexOf(0, 9))
        const notification = fromProcess(wire, sender)
        for (const [listener, own] of this.#byClient) {
          if (!own.has(channel)) continue
          if (listener === client) kept.push(notification)
          else listener.write(notification)
        }
      }
    }
    return Buffer.concat(kept)
  }
}

/** The backend gives its own number to all; clients know themselves by the one they got when they connected. */
function fromProcess(wire: Buffer, processId: number): Buffer {
  const body = Buffer.from(wire.subarray(5))
  body.writeInt32BE(processId)
  return message('A', body)
}
