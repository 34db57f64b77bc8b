import { expect, test } from 'vitest'
import { startEdge } from '../support/edge.ts'

test('a Worker that is not configured answers 503 without a word about its settings, and /health all the same', async () => {
  const broken = await startEdge({ bindings: {} }, { DATABASE_URL: 'mysql://root:secret@db/x' })
  try {
    const visitor = await broken.get('/abc')
    expect([visitor.status, await visitor.text()]).toEqual([503, 'This service is not configured yet.\n'])
    const owner = await broken.api('GET', '/links/1')
    expect(owner.status).toBe(503)
    expect((await broken.get('/health')).status).toBe(200)
  } finally {
    await broken.close()
  }
})
