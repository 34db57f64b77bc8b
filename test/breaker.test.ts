import { describe, expect, test } from 'vitest'
import { BreakerOpen, createBreaker } from '../src/breaker.ts'

function setup() {
  let time = 0
  let ran = 0
  const events: string[] = []
  const breaker = createBreaker({
    now: () => time,
    isOutage: (error) => (error === 'unsent' ? null : error !== 'refused'),
    onOpen: () => events.push('open'),
    onClose: () => events.push('close'),
  })
  const run = (work: () => Promise<unknown>) =>
    breaker
      .run(() => {
        ran++
        return work()
      })
      .then(
        () => 'ok',
        (error) => (error instanceof BreakerOpen ? 'skipped' : 'failed'),
      )
  const fail = () => run(() => Promise.reject('outage'))
  return {
    breaker,
    events,
    fail,
    refuse: () => run(() => Promise.reject('refused')),
    unsent: () => run(() => Promise.reject('unsent')),
    succeed: () => run(() => Promise.resolve()),
    hang: () => void run(() => new Promise(() => {})),
    open: async () => {
      for (let i = 0; i < 5; i++) await fail()
    },
    advance: (ms: number) => {
      time += ms
    },
    ran: () => ran,
  }
}

describe('breaker', () => {
  test('opens after five failures in a row, and runs nothing while it is open', async () => {
    const { breaker, events, open, succeed, ran } = setup()
    await open()
    expect(await succeed()).toBe('skipped')
    expect([breaker.state(), ran(), events]).toEqual(['open', 5, ['open']])
  })

  test('is not opened by failures among successes, nor by requests that the store refuses', async () => {
    const { breaker, fail, succeed, refuse } = setup()
    for (let i = 0; i < 20; i++) await [fail, fail, succeed, refuse][i % 4]?.()
    for (let i = 0; i < 20; i++) await refuse()
    expect(breaker.state()).toBe('closed')
  })

  test('lets one probe through after a pause, and closes when it succeeds', async () => {
    const { breaker, events, open, succeed, advance } = setup()
    await open()
    advance(250)
    expect(breaker.state()).toBe('half-open')
    expect(await succeed()).toBe('ok')
    expect([breaker.state(), events]).toEqual(['closed', ['open', 'close']])
  })

  test('does not pause for an hour because the clock was put back by one', async () => {
    const { breaker, open, fail, succeed, hang, advance } = setup()
    await open()
    advance(-3_600_000)
    expect(await fail()).toBe('failed')
    advance(500)
    hang()
    advance(-3_600_000)
    expect(await succeed()).toBe('ok')
    expect(breaker.state()).toBe('closed')
  })

  test('pauses longer after a failed probe, up to two seconds', async () => {
    const { breaker, open, fail, advance } = setup()
    await open()
    for (const pause of [250, 500, 1000, 2000, 2000]) {
      advance(pause - 1)
      expect(await fail()).toBe('skipped')
      advance(1)
      expect(await fail()).toBe('failed')
      expect(breaker.state()).toBe('open')
    }
  })

  test('learns nothing from a request that was never sent, neither well nor ill', async () => {
    const { breaker, events, open, unsent, succeed, advance } = setup()
    for (let i = 0; i < 20; i++) await unsent()
    expect(breaker.state()).toBe('closed')
    await open()
    advance(250)
    expect(await unsent()).toBe('failed')
    expect([breaker.state(), events]).toEqual(['half-open', ['open']])
    expect(await succeed()).toBe('ok')
  })

  test('has others skip while a probe runs, but does not wait for ever for one that was cancelled', async () => {
    const { open, hang, succeed, advance } = setup()
    await open()
    advance(250)
    hang()
    expect(await succeed()).toBe('skipped')
    advance(10_000)
    expect(await succeed()).toBe('ok')
  })
})
