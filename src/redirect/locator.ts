import { BoundedCache } from '../cache/bounded-cache.ts'
import { type LocatedRequest, type LocatedUrl, locateUrl, withFacts } from './locate.ts'

/** Each costs its URL and the parts of it, below half a kilobyte. */
const MAX_URLS = 1_000
/** Short links are shorter. A query is rarely sent twice, so a URL that has one is not worth its place. */
const MAX_LENGTH = 100

/**
 * As `locateRequest`, but takes a URL that many visitors follow apart only once: that is most of linkr's own part in a
 * redirect from memory. URLs of links only: malformed ones that a stranger guesses push nothing out.
 */
export function createLocator(domains: ReadonlySet<string>): (request: Request) => LocatedRequest {
  const known = new BoundedCache<LocatedUrl>({ maxEntries: MAX_URLS })

  return (request) => {
    const { url } = request
    let located = known.get(url)
    if (located === undefined) {
      located = locateUrl(url, domains)
      if (located.kind === 'link' && located.query === '' && url.length <= MAX_LENGTH) known.set(url, located)
    }
    return withFacts(located, request)
  }
}
