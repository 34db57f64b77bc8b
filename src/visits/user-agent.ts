/**
 * @module
 * What a user agent tells: a bot or a person, and a person's device, browser and system. Its two libraries are imported on
 * first use, after the response, so that neither an isolate's start nor its first redirect waits for them.
 */
import { BoundedCache } from '../cache/bounded-cache.ts'
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

export async function loadUserAgents(): Promise<DescribeAgent> {
  const [{ default: Bowser }, { isbot }] = await Promise.all([import('bowser'), import('isbot')])
  const { BROWSER_MAP, OS_MAP } = Bowser
  // Of an unknown one Bowser returns a part of the user agent itself.
  const browsers = new Set<string>(Object.values(BROWSER_MAP))
  const systems = new Set<string>(Object.values(OS_MAP))
  const remembered = new BoundedCache<Agent>({ maxEntries: MAX_REMEMBERED })

  function parse(userAgent: string): Agent {
    const agent = Bowser.getParser(userAgent, true)
    const [browser, os, platform] = [agent.getBrowserName(), agent.getOSName(), agent.getPlatformType()]
    return {
      isBot: platform === 'bot' || isbot(userAgent),
      device: DEVICES.find((device) => device === platform) ?? 'other',
      browser: browsers.has(browser) ? browser : '',
      os: systems.has(os) ? os : '',
    }
  }

  return (userAgent) => {
    if (userAgent === null || userAgent === '') return NAMELESS
    // Not remembered: a part of a string keeps all of it in memory.
    if (userAgent.length > MAX_LOOKED_AT) return parse(userAgent.slice(0, MAX_LOOKED_AT))
    const known = remembered.get(userAgent)
    if (known !== undefined) return known
    const agent = parse(userAgent)
    remembered.set(userAgent, agent)
    return agent
  }
}
