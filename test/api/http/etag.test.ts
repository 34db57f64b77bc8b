import { expect, test } from 'vitest'
import { acceptedVersions } from '../../../src/api/http/etag.ts'

test.each([
  [undefined, null],
  ['*', null],
  ['"7"', [7]],
  ['"7", "8" ,"9"', [7, 8, 9]],
  ['W/"7"', []],
  ['W/"7", "8"', [8]],
  ['7', []],
  ['"x"', []],
  ['"99999999999999999999"', []],
])('If-Match: %s accepts the versions %j', (header, versions) => {
  expect(acceptedVersions(header)).toEqual(versions)
})
