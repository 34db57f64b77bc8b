/**
 * @module
 * What a user agent tells: a bot or a person, and a person's device, browser and system. Its two libraries are imported on
 * first use, after the response, so that neither an isolate's start nor its first redirect waits for them.
 */
import { memoized } from './memoized.ts'
import { DEVICES, type VisitValues } from './visit.ts'

export interface Agent extends Pick<VisitValues, 'device' | 'browser' | 'os'> {
  readonly isBot: boolean
}

/** @param userAgent `User-Agent`; `null` = there was none. */
export type DescribeAgent = (userAgent: string | null) => Agent

/** What browsers send is shorter; longer ones are looked at up to here. */
const MAX_LOOKED_AT = 512
/** The visitors of a day have some hundred different ones; parsing takes a hundred times as long as looking up. */
const MAX_REMEMBERED = 2_000

/** Every browser names itself. */
const NAMELESS: Agent = { isBot: true, device: 'other', browser: '', os: '' }

let loading: Promise<DescribeAgent> | undefined

/** Loads the libraries once; after a failure it tries again. */
export function loadUserAgents(): Promise<DescribeAgent> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function load(): Promise<DescribeAgent> {
  const [{ default: Bowser }, { isbot }] = await Promise.all([import('bowser'), import('isbot')])
  const { BROWSER_MAP, OS_MAP } = Bowser
  // Of an unknown one Bowser returns a part of the user agent itself.
  const browsers = new Set<string>(Object.values(BROWSER_MAP))
  const systems = new Set<string>(Object.values(OS_MAP))

  function parse(userAgent: string): Agent {
    const looked = userAgent.slice(0, MAX_LOOKED_AT)
    const agent = Bowser.getParser(looked, true)
    const [browser, os, platform] = [agent.getBrowserName(), agent.getOSName(), agent.getPlatformType()]
    return {
      isBot: platform === 'bot' || isbot(looked),
      device: DEVICES.find((device) => device === platform) ?? 'other',
      browser: browsers.has(browser) ? browser : '',
      os: systems.has(os) ? os : '',
    }
  }

  const describeNamed = memoized(parse, { maxEntries: MAX_REMEMBERED, maxLength: MAX_LOOKED_AT })
  return (userAgent) => (userAgent === null || userAgent === '' ? NAMELESS : describeNamed(userAgent))
}
