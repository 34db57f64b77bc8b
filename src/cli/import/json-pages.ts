import type { PageFacts } from './formats/format.ts'

export type JsonPages = ReturnType<typeof collectPages>

/**
 * What the JSON texts of a file, pages of an API, say beside their rows.
 * @param container the key that the rows of a page are under.
 */
export function collectPages(container: string) {
  let stray: string | null = null
  const facts = { total: 0, counted: 0, isLast: undefined as boolean | undefined }
  return {
    add(page: unknown): void {
      const { [container]: rows, total, count, ...rest } = Object(page) as Record<string, unknown>
      if (!Array.isArray(rows)) {
        stray ??= [rest.error, rest.message].find((text) => typeof text === 'string') ?? ''
      }
      if (typeof total === 'number') facts.total = Math.max(facts.total, total)
      if (typeof count === 'number') facts.counted += count
      if (typeof rest.list_complete === 'boolean') facts.isLast = rest.list_complete
    },
    facts: (): PageFacts => facts,
    /** What the first text said that has no rows, such as `Unauthorized.`; `null` = all have some. */
    strayText: () => stray,
  }
}
