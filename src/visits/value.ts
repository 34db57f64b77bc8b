import { FOLDED, MAX_VALUE_LENGTH } from './visit.ts'

/** Control characters, what separates lines or paragraphs, and halves of surrogate pairs, which no UTF-8 can hold. */
const UNFIT = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu

/** A text of a stranger as the value of a dimension; '' = nothing of it is left, or it would pass for `FOLDED`. */
export function toValue(text: string): string {
  // More than is kept, because something may be removed; bounded, so that a long text costs no more than a short one.
  const clean = text
    .slice(0, 4 * MAX_VALUE_LENGTH)
    .replace(UNFIT, '')
    .trim()
  // A pair that the cut went through leaves a half.
  const value = clean.slice(0, MAX_VALUE_LENGTH).replace(UNFIT, '').trimEnd()
  return value === FOLDED ? '' : value
}
