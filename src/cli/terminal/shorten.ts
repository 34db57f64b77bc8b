import truncate from 'fast-string-truncated-width'

/** How many columns of a terminal a text takes: two for most of East Asia's characters and for emojis. */
export function columnsOf(text: string): number {
  return truncate(text).width
}

/** What fits into `columns`, with an ellipsis when there was more. */
export function shorten(text: string, columns: number): string {
  const { ellipsed, index } = truncate(text, { limit: columns, ellipsis: '…', ellipsisWidth: 1 })
  return ellipsed ? `${text.slice(0, index)}…` : text.slice(0, index)
}
