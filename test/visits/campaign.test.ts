import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { campaignOf } from '../../src/visits/campaign.ts'
import { expectFit, expectSoon, hostileText } from './hostile.ts'

const of = (query: string) => campaignOf(`https://go.example.com/spring${query}`)
const NONE = { utmSource: '', utmMedium: '', utmCampaign: '', qr: '' }

describe('the campaign', () => {
  test('is told by the query of the short link', () => {
    expect(
      of('?utm_source=news+letter&utm_medium=e%2Dmail&utm_campaign=Fr%C3%BChling&x=1#utm_source=no'),
    ).toEqual({
      ...{ utmSource: 'news letter', utmMedium: 'e-mail', utmCampaign: 'Frühling', qr: '' },
    })
    expect(of('?qr=1')).toEqual({ ...NONE, qr: '1' })
    expect(of('?a=b&utm_source=first&utm_source=second')).toEqual({ ...NONE, utmSource: 'first' })
  })

  test.each([
    '',
    '?',
    '?a=utm_source',
    '?qr=0',
    '?qr=11',
    '?my_utm_source=a',
    '?utm_source',
    '?utm_source=*',
    '#?qr=1&utm_source=a',
  ])('of %j is none', (query) => {
    expect(of(query)).toEqual(NONE)
  })

  test.each([
    ['a%09b%0Ac%00d', 'abcd'],
    ['%', '%'],
    ['%zz', '%zz'],
    ['%ED%A0%80', '\ufffd\ufffd\ufffd'],
    ['%F0%9F%98%80'.repeat(40), '😀'.repeat(32)],
    [`x${'%F0%9F%98%80'.repeat(40)}`, `x${'😀'.repeat(31)}`],
  ])('keeps of %s what a line can hold', (encoded, value) => {
    expect(of(`?utm_source=${encoded}`).utmSource).toBe(value)
  })

  test('is fit for a line, whatever was sent', () => {
    fc.assert(
      fc.property(
        hostileText('?utm_source=', '&utm_medium=', '&qr=1', '=', '#', '+', '%09', '%ED%A0%80'),
        (query) =>
          expectSoon(() => {
            for (const value of Object.values(of(query))) expectFit(value)
          }),
      ),
    )
  })
})
