import { hostOf } from './locate.ts'
import type { RedirectServices } from './redirect-services.ts'

/** `/robots.txt`, as the settings of the domain say. */
export async function robots(
  url: string,
  { settings }: Pick<RedirectServices, 'settings'>,
): Promise<Response> {
  const { robots: policy } = await settings.find(hostOf(url))
  const disallowed = policy === 'disallow' ? '/' : '/api/'
  return new Response(`User-agent: *\nDisallow: ${disallowed}\n`, {
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
  })
}
