export interface ShortUrl {
  readonly domain: string | undefined
  readonly code: string
}

/** Host and code of `https://bit.ly/3abc`, also written `bit.ly/3abc`. No code = the link of the host's root. */
export function splitShortUrl(text: string | undefined): ShortUrl {
  const trimmed = text?.trim() ?? ''
  const absolute = /^[a-z][a-z+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`
  if (trimmed === '' || !URL.canParse(absolute)) return { domain: undefined, code: '' }
  const { hostname, pathname } = new URL(absolute)
  return { domain: hostname, code: decode(pathname.slice(1)).replace(/\/$/, '') }
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** linkr has no passwords: what is rejected for one is disabled in the rejects file, so that it never opens by itself. */
export const PROTECTED = {
  refused: 'is protected by a password, which linkr does not have: imported it would be open to everyone',
  enabled: false,
} as const
