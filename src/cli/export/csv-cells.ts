/**
 * @module
 * How linkr's own CSV writes what CSV has no notation for, and reads it back to the same value.
 */
import type { LinkField } from '../link-fields.ts'

/** @param value as the API shows it. */
export function encodeCell(cell: LinkField['cell'], value: unknown): string {
  if (cell === 'texts') return encodeTags(Array.isArray(value) ? value.map(String) : [])
  return cell === 'text' && typeof value === 'string' ? encodeText(value) : String(value ?? '')
}

/** Every cell may be escaped: those of a rejects file are. */
export function decodeCell(cell: LinkField['cell'], text = ''): unknown {
  if (cell === 'texts') return decodeTags(text)
  return cell === 'text' ? decodeText(text) : (decodeText(text) ?? '')
}

/** What a spreadsheet would take for a formula. */
const FORMULA = /^'*[=+\-@\t\r]/

/** `null` is the empty cell; the empty text and would-be formulas get a leading apostrophe, and so do apostrophes. */
export function encodeText(text: string | null): string {
  if (text === null) return ''
  return FORMULA.test(text) || /^'*$/.test(text) ? `'${text}` : text
}

export function decodeText(cell: string): string | null {
  if (cell === '') return null
  return FORMULA.test(cell) || /^'+$/.test(cell) ? cell.replace(/^'/, '') : cell
}

/** Joined by `|`, which is `\|` inside a tag; a backslash is `\\`. */
export function encodeTags(tags: readonly string[]): string {
  return encodeText(tags.length === 0 ? null : tags.map((tag) => tag.replaceAll(/[\\|]/g, '\\$&')).join('|'))
}

export function decodeTags(cell: string): string[] {
  const text = decodeText(cell)
  if (text === null) return []
  const tags: string[] = []
  let tag = ''
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i)
    if (character === '|') {
      tags.push(tag)
      tag = ''
    } else if (character === '\\' && i + 1 < text.length) tag += text.charAt(++i)
    else tag += character
  }
  tags.push(tag)
  return tags
}
