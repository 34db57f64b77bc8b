import { expect, test } from 'vitest'
import { missingServices } from './missing-services.ts'

test('test:services says which servers it needs, and npm test needs none', () => {
  expect(missingServices({})).toBeNull()
  expect(
    missingServices({ STORES: 'services', REDIS_URL: 'redis://r', DATABASE_URL: 'postgres://p' }),
  ).toBeNull()
  expect(missingServices({ STORES: 'services' })).toMatch(/REDIS_URL and DATABASE_URL.*\n.*REDIS_URL=redis:/)
  expect(missingServices({ STORES: 'services', REDIS_URL: 'redis://r' })).toMatch(/, and DATABASE_URL must/)
})
