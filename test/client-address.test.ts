import { expect, test } from 'vitest'
import { clientBucket, clientOf } from '../src/client-address.ts'

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:9::', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::', '2001:db8:0:1::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s counts as %s', (address, client) => {
  expect(clientBucket(address)).toBe(client)
  expect(clientOf(new Headers({ 'CF-Connecting-IP': address }))).toBe(client)
})

test('without Cloudflare in front it is unknown', () => {
  expect(clientOf(new Headers())).toBeNull()
})
