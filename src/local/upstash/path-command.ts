import type { Command } from './resp.ts'

export interface ParsedPath {
  /** Still percent-encoded: the first names an endpoint or a command, the rest are arguments. */
  readonly segments: readonly string[]
  /** Still percent-encoded names and values, in order. `_token` is not among them. */
  readonly query: readonly (readonly [name: string, value: string])[]
  /** The `_token` parameter, for clients that cannot set a header. */
  readonly token: string | undefined
}

export function parsePath(url: string): ParsedPath {
  const [path = '', search = ''] = split(url, '?')
  const parameters = search === '' ? [] : search.split('&').map((pair) => split(pair, '='))
  const token = parameters.find(([name]) => name === '_token')?.[1]
  return {
    segments: path.slice(1).split('/'),
    query: parameters.filter(([name]) => name !== '_token' && name !== ''),
    token: token === undefined ? undefined : percentDecode(token).toString(),
  }
}

/** `/set/foo?EX=100` with a body is `SET foo <body> EX 100`; a parameter without a value (`?NX`) is a bare option. */
export function commandFromPath(
  segments: ParsedPath['segments'],
  query: ParsedPath['query'],
  body: Buffer | undefined,
): Command {
  const [name = '', ...args] = segments
  const options = query.flatMap(([key, value]) => (value === '' ? [key] : [key, value]))
  return [
    percentDecode(name).toString(),
    ...args.map(percentDecode),
    ...(body === undefined ? [] : [body]),
    ...options.map((option) => percentDecode(option.replaceAll('+', ' '))),
  ]
}

/** To bytes, not to text: an argument may be anything. */
function percentDecode(text: string): Buffer {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1')
}

function split(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
