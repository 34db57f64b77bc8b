import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_SETTINGS, ROBOTS_POLICIES, type VersionedSettings } from '../../src/links/domain-settings.ts'
import { type Link, REDIRECT_STATUSES } from '../../src/links/link.ts'
import { decodeRegister, encodeRegister } from '../../src/registers/codec.ts'
import { linkCodec } from '../../src/registers/link-codec.ts'
import { settingsCodec } from '../../src/registers/settings-codec.ts'

const version = fc.maxSafeNat()
const link: fc.Arbitrary<Omit<Link, 'version'>> = fc.record({
  id: fc.bigInt({ min: 1n, max: 2n ** 60n }).map(String),
  url: fc.webUrl(),
  status: fc.constantFrom(...REDIRECT_STATUSES),
  enabled: fc.boolean(),
  expiresAt: fc.option(fc.maxSafeInteger(), { nil: null }),
  forwardQuery: fc.boolean(),
})

const page = fc.option(fc.webUrl(), { nil: null })
const settings: fc.Arbitrary<Omit<VersionedSettings, 'version'>> = fc.record({
  rootUrl: page,
  notFoundUrl: page,
  expiredUrl: page,
  defaultStatus: fc.constantFrom(...REDIRECT_STATUSES),
  robots: fc.constantFrom(...ROBOTS_POLICIES),
  respectsOptOut: fc.boolean(),
  geography: fc.boolean(),
})
const expiry = { softExpiresAt: 1_800_000_000_000, loadMs: 12 }

describe('registers', () => {
  test('of links come back as they were written', () => {
    fc.assert(
      fc.property(version, fc.option(link), (number, fields) => {
        const value = fields === null ? null : { ...fields, version: number }
        const register = { version: number, value, ...expiry }
        expect(decodeRegister(encodeRegister(register, linkCodec), linkCodec)).toEqual(register)
      }),
    )
  })

  test('of settings come back as they were written, and are none of links', () => {
    fc.assert(
      fc.property(version, fc.option(settings), (number, fields) => {
        const value = fields === null ? null : { ...fields, version: number }
        const register = { version: number, value, ...expiry }
        const text = encodeRegister(register, settingsCodec)
        expect(decodeRegister(text, settingsCodec)).toEqual(register)
        expect(decodeRegister(text, linkCodec)).toBeNull()
      }),
    )
  })

  test('of settings that an older version wrote have the defaults of what it did not know', () => {
    const text =
      '7:{"settings":{"rootUrl":"https://e.com/","robots":"disallow"},"softExpiresAt":1,"loadMs":1}'
    expect(decodeRegister(text, settingsCodec)?.value).toEqual({
      ...DEFAULT_SETTINGS,
      ...{ rootUrl: 'https://e.com/', robots: 'disallow', version: 7 },
    })
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
    expect(decodeRegister(text, linkCodec)).toBeNull()
    expect(decodeRegister(text, settingsCodec)).toBeNull()
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
          decodeRegister(text, linkCodec)
          decodeRegister(text, settingsCodec)
        },
      ),
    )
  })
})
