import { BoundedCache } from '../cache/bounded-cache.ts'

export interface MemoizedOptions {
  readonly maxEntries: number
  /** Longer texts are not remembered: they are rare, and strangers send them. */
  readonly maxLength: number
}

/** The same function, which remembers what it returned. */
export function memoized<T extends object | string>(
  parse: (text: string) => T,
  { maxEntries, maxLength }: MemoizedOptions,
): (text: string) => T {
  const remembered = new BoundedCache<T>({ maxEntries })
  return (text) => {
    if (text.length > maxLength) return parse(text)
    const known = remembered.get(text)
    if (known !== undefined) return known
    const value = parse(text)
    remembered.set(text, value)
    return value
  }
}
