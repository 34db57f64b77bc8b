/**
 * @module
 * How linkr's own CSV writes what CSV has no notation for, and reads it back to the same value.
 */
import { isFormula } from '../../api/contract/csv.ts'
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

/** `null` is the empty cell; the empty text and would-be formulas get a leading apostrophe, and so do apostrophes. */
export function encodeText(text: string | null): string {
  if (text === null) return ''
  return isFormula(text) || /^'*$/.test(text) ? `'${text}` : text
}

export function decodeText(cell: string): string | null {
  if (cell === '') return null
  return isFormula(cell) || /^'+$/.test(cell) ? cell.replace(/^'/, '') : cell
}

/** Joined by `|`, which is `\|` inside a tag; a backslash is `\\`. */
export function encodeTags(tags: readonly string[]): string {
  return encodeText(tags.length === 0 ? null : tags.map((tag) => tag.replaceAll(/[\\|]/g, '\\$&')).join('|'))
}

export function decodeTags(cell: string): string[] {
  const text = decodeText(cell)
  if (text === null) return []
  // At each `|` with an even number of backslashes before it.
  const tags = text.split(/(?<=(?:^|[^\\])(?:\\\\)*)\|/)
  return tags.map((tag) => tag.replaceAll(/\\(.)/gs, '$1'))
}
