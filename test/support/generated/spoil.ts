/**
 * @module
 * Bodies with exactly one thing wrong, wherever in them it may be.
 */
import fc from 'fast-check'

/** JSON, or nearly, in the place of one value: what no field accepts, and what a parser may choke on. */
const poison = fc.oneof(
  fc
    .constantFrom('\0', 'a\0b', '\ud800', 'a\udc00b', '\u0085', 'https://example.com/\ud800')
    .map((bad) => JSON.stringify(bad)),
  fc.constantFrom('1e999', '-0', '9007199254740993', '{"__proto__":{"a":1}}', '{"":""}', '[[]]'),
  fc.constantFrom('', '"', '[', '{', 'nul', '"\\ud8"', '01', '\u0000'),
  fc
    .tuple(
      fc.constantFrom(10, 31, 33, 1_000, 20_000),
      fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[{"a":', '}]']),
    )
    .map(([depth, [open, close]]) => `${open?.repeat(depth)}1${close?.repeat(depth)}`),
  fc
    .tuple(fc.constantFrom(51, 1_001, 15_000), fc.constantFrom('1', '""', '[]', '{}', 'null'))
    .map(([length, item]) => `[${Array(length).fill(item).join()}]`),
)
/** Only where megabytes are allowed do they come to be looked at. */
const largePoison = fc
  .constantFrom('1', '[]', '"x"', '{"a":1}', '[')
  .map((item) => `[${Array(300_000).fill(item).join()}]`)

const PLACE = 'the-place-of-the-poison'

/** The text of a body in which one value, at whatever depth, is something else. */
export function spoiled(valid: fc.Arbitrary<unknown>, isLarge: boolean): fc.Arbitrary<string> {
  const bad = isLarge ? fc.oneof({ weight: 40, arbitrary: poison }, largePoison) : poison
  return fc.tuple(valid, fc.nat(), bad).map(([body, n, instead]) => {
    const places = countNodes(body)
    const marked = JSON.stringify(replaceNode(body, { left: n % places })) ?? ''
    return marked.replace(`"${PLACE}"`, () => instead)
  })
}

/** The bytes of a body in which one is none of UTF-8. */
export const misencoded = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(valid, fc.nat(), fc.constantFrom(0xe9, 0xff, 0xc0, 0x80)).map(([body, n, byte]) => {
    const bytes = new TextEncoder().encode(JSON.stringify(body) ?? '')
    const at = n % (bytes.length + 1)
    return Uint8Array.from([...bytes.slice(0, at), byte, ...bytes.slice(at)])
  })

function countNodes(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, inner) => sum + countNodes(inner), 1)
}

function replaceNode(value: unknown, counter: { left: number }): unknown {
  if (counter.left-- === 0) return PLACE
  if (Array.isArray(value)) return value.map((inner) => replaceNode(inner, counter))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaceNode(inner, counter)]))
}
