import { describe, expect, test } from 'vitest'
import { receiveBody } from '../../../src/api/http/receive-body.ts'
import { outcome, tinyApi } from '../tiny-api.ts'

const MAX_BYTES = 100

const api = tinyApi().all('/', receiveBody(MAX_BYTES), (c) => c.text(c.var.body))

/** @param chunks the last one `null` = the body breaks off. */
function send(...chunks: readonly (string | Uint8Array | null)[]) {
  const state = { pulled: 0 }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[state.pulled++]
        if (chunk === undefined) controller.close()
        else if (chunk === null) controller.error(new Error('connection reset'))
        else controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
      },
    },
    { highWaterMark: 0 },
  )
  const init = { method: 'POST', body, duplex: 'half' }
  return { state, response: api.request('/', new Request('http://api/', init)) }
}

describe('a body', () => {
  test('arrives as text, however its characters are cut into chunks', async () => {
    const bytes = new TextEncoder().encode('"grün 🌳"')
    const single = [...bytes].map((byte) => Uint8Array.of(byte))
    expect(await (await send(...single).response).text()).toBe('"grün 🌳"')
  })

  test('may have as many bytes as allowed; one more is refused, announced or not', async () => {
    expect(await outcome(send('x'.repeat(60), 'y'.repeat(40)).response)).toEqual([200])
    expect(await outcome(send('x'.repeat(60), 'y'.repeat(41)).response)).toEqual([413, 'body_too_large'])
    const announced = { method: 'POST', body: '{}', headers: { 'Content-Length': `${MAX_BYTES + 1}` } }
    expect(await outcome(api.request('/', announced))).toEqual([413, 'body_too_large'])
  })

  test('is not read on once it is too large', async () => {
    const { state, response } = send('x'.repeat(101), 'y', 'z')
    expect((await response).status).toBe(413)
    expect(state.pulled).toBe(1)
  })

  test.each([
    ['is no UTF-8', [Uint8Array.of(0x22, 0xe9, 0x22)], 'invalid_utf8'],
    ['ends within a character', ['"', Uint8Array.of(0xc3)], 'invalid_utf8'],
    ['breaks off', ['{"url":', null], 'body_incomplete'],
    ['is nested too deep', ['['.repeat(33)], 'invalid_json'],
  ])('that %s is refused', async (_, chunks, code) => {
    expect(await outcome(send(...chunks).response)).toEqual([400, code])
  })

  test('of a GET or HEAD is not read', async () => {
    for (const method of ['GET', 'HEAD']) expect((await api.request('/', { method })).status).toBe(200)
    expect(await (await api.request('/')).text()).toBe('')
  })
})
