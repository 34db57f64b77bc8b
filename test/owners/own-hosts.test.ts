import { expect, test } from 'vitest'
import { createOwnHosts } from '../../src/owners/own-hosts.ts'

function setUp(baseUrl: string | null = 'https://links.example.com:8443') {
  const world = { time: 0, asked: 0, hosts: ['settings.example.com', '*'] }
  const own = createOwnHosts({
    config: { domains: new Set(['go.example.com']), baseUrl },
    hostsWithSettings: async () => {
      world.asked++
      return world.hosts
    },
    now: () => world.time,
  })
  return { world, own }
}

test.each([
  ['go.example.com', true],
  ['GO.example.com.', true],
  ['go.example.com:8080', true],
  ['links.example.com', true],
  ['settings.example.com.', true],
  ['127.0.0.1:1234', true],
  ['example.com', false],
  ['xgo.example.com', false],
  ['', false],
])('%s is a host of linkr: %s', async (host, expected) => {
  const isOwnHost = await setUp().own.seenFrom('127.0.0.1:8787')
  expect(isOwnHost(host)).toBe(expected)
})

test('the hosts with settings are asked for once in 5 s, and again once they have changed here', async () => {
  const { world, own } = setUp(null)
  await own.seenFrom('h')
  world.hosts = ['new.example.com']
  world.time = 4_999
  expect((await own.seenFrom('h'))('new.example.com')).toBe(false)
  world.time = 5_000
  expect((await own.seenFrom('h'))('new.example.com')).toBe(true)
  expect(world.asked).toBe(2)
  own.forget()
  await own.seenFrom('h')
  expect(world.asked).toBe(3)
})
