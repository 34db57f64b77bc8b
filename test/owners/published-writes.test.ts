import { expect, test } from 'vitest'
import { SourceUnavailable } from '../../src/errors.ts'
import { createPublishedWrites } from '../../src/owners/published-writes.ts'
import type { DrainReport } from '../../src/registers/drain-outbox.ts'
import type { Edit } from '../../src/registers/edit.ts'

const edit: Edit = { domain: '*', code: 'a', version: 1, link: null }
const unavailable = (wasSent: boolean) => new SourceUnavailable('postgres', new Error('no'), wasSent)

function setUp(drain: () => Promise<DrainReport> = async () => ({ drained: 0, complete: true })) {
  const trace: string[] = []
  const writes = createPublishedWrites({
    lease: async () => null,
    publish: async (edits) => void trace.push(`published ${edits.length}`),
    drain: () => {
      trace.push('drained')
      return drain()
    },
    markBehind: () => void trace.push('marked behind'),
  })
  const write = async () => {
    trace.push('written')
    return 'result'
  }
  return { writes, write, trace }
}

test('a write is published before it resolves, and one that changed nothing is not', async () => {
  const { writes, write, trace } = setUp()
  expect(await writes.run(write, () => [edit, edit])).toBe('result')
  await writes.run(write, () => [])
  expect(trace).toEqual(['written', 'published 2', 'written'])
})

test('what an earlier attempt wrote is published as Postgres has it now, or when a store is back', async () => {
  const { writes, write, trace } = setUp(() => Promise.reject(unavailable(false)))
  expect(await writes.run(write, () => 'repeated')).toBe('result')
  expect(trace).toEqual(['written', 'drained', 'marked behind'])
})

test('a write that may have happened although it failed is looked for in the outbox', async () => {
  const { writes, trace } = setUp()
  const failing = (wasSent: boolean) =>
    writes.run(
      () => Promise.reject(unavailable(wasSent)),
      () => [edit],
    )
  await expect(failing(false)).rejects.toThrow('postgres is unavailable')
  expect(trace).toEqual([])
  await expect(failing(true)).rejects.toThrow('postgres is unavailable')
  expect(trace).toEqual(['marked behind'])
})
