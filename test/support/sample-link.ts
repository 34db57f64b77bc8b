import type { Link } from '../../src/links/link.ts'

/** A link with the defaults of a new one, but for what a test is about. */
export const sampleLink = (about: Partial<Link> = {}): Link => ({
  id: '1',
  url: 'https://example.com/page',
  status: 302,
  enabled: true,
  expiresAt: null,
  forwardQuery: false,
  version: 1,
  ...about,
})
