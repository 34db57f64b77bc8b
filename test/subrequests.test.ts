import { describe, expect, test } from 'vitest'
import {
  countedWork,
  countSubrequests,
  createBudget,
  leaving,
  noteSubrequest,
  subrequestsSent,
} from '../src/subrequests.ts'

function send(requests: number): void {
  for (let i = 0; i < requests; i++) noteSubrequest()
}

describe('the budget of an invocation', () => {
  test.each([
    [10, 9],
    [19, 18],
    [20, 18],
    [50, 45],
    [10_000, 9_995],
  ])('of %i requests lets work send %i, and keeps the others for the rest of it', (limit, left) => {
    const budget = createBudget(limit)
    countSubrequests(() => {
      expect(budget.left()).toBe(left)
      send(left)
      expect(budget.left()).toBe(0)
      send(1)
      expect(budget.left()).toBe(-1)
    })
  })

  test('is used up by its background work too, also after it has responded', async () => {
    const budget = createBudget(50)
    const responded = Promise.withResolvers<void>()
    const background = countSubrequests(async () => {
      send(1)
      await responded.promise
      send(2)
      return budget.left()
    })
    responded.resolve()
    expect(await background).toBe(42)
  })

  test('is not touched by another one in the same isolate, whose promises it awaits', async () => {
    const budget = createBudget(50)
    const shared = Promise.withResolvers<void>()
    const invocation = (requests: number) =>
      countSubrequests(async () => {
        send(requests)
        await shared.promise
        send(requests)
        return budget.left()
      })
    const both = [invocation(1), invocation(10)]
    countSubrequests(() => {
      send(5)
      shared.resolve()
    })
    expect(await Promise.all(both)).toEqual([43, 25])
  })

  test('is never used up where nobody counts', () => {
    const budget = createBudget(50)
    send(100)
    expect([budget.left(), subrequestsSent()]).toEqual([45, 0])
  })

  test('is shared with others by leaving them a part of it', () => {
    const budget = createBudget(50)
    const rest = leaving(20, budget)
    countSubrequests(() => {
      send(25)
      expect([rest.left(), budget.left()]).toEqual([0, 20])
    })
  })
})

describe('work that is to be counted in any case', () => {
  test('is an invocation of its own where nobody counts', () => {
    const sent = () =>
      countedWork(() => {
        send(3)
        return subrequestsSent()
      })
    expect([sent(), sent(), subrequestsSent()]).toEqual([3, 3, 0])
  })

  test('is a part of the invocation that is counted', () => {
    countSubrequests(() => {
      send(2)
      countedWork(() => send(3))
      expect(subrequestsSent()).toBe(5)
    })
  })
})
