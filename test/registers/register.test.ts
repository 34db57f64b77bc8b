import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Link, REDIRECT_STATUSES } from '../../src/links/link.ts'
import { decodeRegister, encodeRegister } from '../../src/registers/register.ts'

const version = fc.maxSafeNat()
const link: fc.Arbitrary<Omit<Link, 'version'>> = fc.record({
  id: fc.bigInt({ min: 1n, max: 2n ** 60n }).map(String),
  url: fc.webUrl(),
  status: fc.constantFrom(...REDIRECT_STATUSES),
  enabled: fc.boolean(),
  expiresAt: fc.option(fc.maxSafeInteger(), { nil: null }),
  forwardQuery: fc.boolean(),
})

describe('registers', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(version, fc.option(link), (number, fields) => {
        const register = {
          version: number,
          link: fields === null ? null : { ...fields, version: number },
          softExpiresAt: 1_800_000_000_000,
          loadMs: 12,
        }
        expect(decodeRegister(encodeRegister(register))).toEqual(register)
      }),
    )
  })

  test.each([
    '',
    'null',
    ':null',
    '1:',
    '-1:null',
    '1.5:null',
    '99999999999999999999:null',
    '1:{}',
    '1:[]',
    '1:7',
    '1:null',
    '1:{"link":null}',
    '1:{"link":{"id":"1"},"softExpiresAt":1,"loadMs":1}',
    '1:{"link":{"id":"1","url":"javascript:alert(1)","status":302,"enabled":true,"expiresAt":null,"forwardQuery":false},"softExpiresAt":1,"loadMs":1}',
    '1:{"link":{"id":"1","url":"/relative","status":302,"enabled":true,"expiresAt":null,"forwardQuery":false},"softExpiresAt":1,"loadMs":1}',
    '1:{"link":{"id":"1","url":"https://e.com/","status":200,"enabled":true,"expiresAt":null,"forwardQuery":false},"softExpiresAt":1,"loadMs":1}',
  ])('that are corrupt are recognized: %j', (text) => {
    expect(decodeRegister(text)).toBeNull()
  })

  test('never throw, whatever Redis holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `7:${json}`),
        ),
        (text) => {
          decodeRegister(text)
        },
      ),
    )
  })
})
