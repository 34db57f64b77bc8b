/**
 * Text from a server or a file, safe to show: without the control characters that would move the cursor, colour the
 * screen or forge another line.
 */
export function visible(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}

/** The first `length` characters, with an ellipsis when there were more. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`
}
