/** What Hono itself costs: one route, the same answer. */
import { Hono } from 'hono'

const app = new Hono()

app.get('/:code', (c) => {
  c.header('Cache-Control', 'private, no-store')
  c.header('X-Content-Type-Options', 'nosniff')
  return c.redirect('https://example.com/a/page?of=some#length')
})

export default app
