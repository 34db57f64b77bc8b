import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBatchCell } from '../../src/cli/import/mysql-batch.ts'

/** As the clients of MySQL and MariaDB write a value with --batch. */
function encode(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\0', '\\0')
}

test('what mysql --batch escapes comes back as it was', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'\\nt0N\n\t\0"') }),
  )
  fc.assert(fc.property(text, (value) => decodeBatchCell(encode(value)) === value))
})

test('a backslash that escapes nothing stays, as in a table that was written with --raw', () => {
  expect(decodeBatchCell('C:\\Users\\x')).toBe('C:\\Users\\x')
})
