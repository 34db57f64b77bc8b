import type { PageFacts } from './formats/format.ts'

/** What the JSON texts of a file say beside their rows. */
export interface JsonPages {
  next(token: number, value: unknown): void
  facts(): PageFacts
  /** What the first text said that has no rows, such as `Unauthorized.`; `null` = all have some. */
  strayText(): string | null
}

const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, COLON, COMMA] = [0, 1, 2, 3, 4, 5]

/**
 * Follows the tokens of JSON texts, one after the other, which are pages of an API.
 * @param container the key that the rows of a page are under.
 */
export function watchPages(container: string): JsonPages {
  let depth = 0
  let last: unknown
  let key: unknown
  let hasRows = false
  let text = ''
  let stray: string | null = null
  const facts = { total: 0, counted: 0, isLast: undefined as boolean | undefined }

  function endPage(): void {
    if (!hasRows) stray ??= text
    hasRows = false
    text = ''
    key = undefined
  }

  return {
    next(token, value) {
      if (token === OPEN_OBJECT || token === OPEN_ARRAY) {
        if (depth === 1 && key === container && token === OPEN_ARRAY) hasRows = true
        depth++
      } else if (token === CLOSE_OBJECT || token === CLOSE_ARRAY) {
        depth--
        if (depth === 0) endPage()
      } else if (depth !== 1) return
      else if (token === COLON) key = last
      else if (token === COMMA) key = undefined
      else {
        last = value
        if (key === 'total' && typeof value === 'number') facts.total = Math.max(facts.total, value)
        if (key === 'count' && typeof value === 'number') facts.counted += value
        if (key === 'list_complete' && typeof value === 'boolean') facts.isLast = value
        if ((key === 'error' || key === 'message') && typeof value === 'string') text = value
      }
    },
    facts: () => facts,
    strayText: () => stray,
  }
}
