/**
 * What changes how the text around it is shown, or is not shown itself: marks and overrides of writing direction, blanks
 * without a width, line separators, and tags. (Joiners are left alone: emojis and several scripts need them.)
 */
const INVISIBLE = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu

/**
 * Text from a server or a file, safe to show: without the control characters that would move the cursor, colour the
 * screen or forge another line, and with what is invisible by its number.
 */
export function visible(text: string): string {
  return withoutControls(text).replaceAll(INVISIBLE, escapeOf)
}

const ESCAPE = '\u001b'
/** A colour of ours, an end of a line, a tab; or a control character that is none of these. */
const CONTROLS = new RegExp(`(${ESCAPE}\\[[\\d;]*m|[\\n\\t])|\\p{Cc}`, 'gu')

/** The same for text that may have lines and colours of ours in it. */
export function visibleLines(text: string): string {
  return text.replaceAll(CONTROLS, (_match, ours?: string) => ours ?? ' ').replaceAll(INVISIBLE, escapeOf)
}

/** JSON text that means the same and shows everything. */
export function visibleJson(json: string): string {
  return json.replaceAll(INVISIBLE, escapeOf).replaceAll(/[\u007f-\u009f]/g, escapeOf)
}

/** Text to store: a title has one line. */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}

/** As JSON writes it. */
function escapeOf(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
}
