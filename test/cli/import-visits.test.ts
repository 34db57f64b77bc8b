import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createCountryCodes } from '../../src/cli/import/visits/country-codes.ts'
import { startFakeLinkr } from './support/fake-linkr.ts'
import { acceptVisits } from './support/fake-visit-import.ts'
import { exportFile } from './support/import-text.ts'
import { runCli } from './support/run-cli.ts'

const linkr = await startFakeLinkr()
const folder = mkdtempSync(join(tmpdir(), 'linkr-visits-'))
beforeEach(() => linkr.reset())
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await linkr.close()
})

async function importVisits(content: string | Uint8Array, ...options: string[]) {
  const file = join(folder, 'visits.csv')
  writeFileSync(file, content)
  const result = await runCli(['import', 'visits', file, '--json', ...options], { env: linkr.env })
  const report = result.stdout === '' ? undefined : JSON.parse(result.stdout)
  if (report?.end === 'complete') {
    expect(report.visits, JSON.stringify(report)).toBe(report.counted + report.before + report.refused)
  }
  return { ...result, report }
}

const message = ({ stderr }: { readonly stderr: string }): string =>
  JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error.message

describe('visits that Shlink exports', () => {
  for (const file of ['shlink-visits.csv', 'shlink-visits-cli.csv']) {
    test(`of ${file} come with what linkr keeps of a visit`, async () => {
      const { days } = acceptVisits(linkr, ['sale', 'a/b'])
      const { code, report } = await importVisits(exportFile(file))
      expect([code, report.end]).toEqual([3, 'complete'])
      expect(report).toMatchObject({
        rows: 8,
        visits: 6,
        counted: 6,
        before: 0,
        refused: 0,
        skipped: 1,
        rejected: 1,
      })
      expect(report.rejects).toEqual([
        { line: 7, reason: 'does not say which link was visited (--link CODE says it for all)' },
      ])
      expect(report.notes).toMatchObject({
        'visits to no link (orphan visits)': 1,
        'of a country that linkr does not know: counted as unknown': 1,
        'from s.test, no namespace of this linkr: into the default one': 6,
      })
      const chrome = { device: 'desktop', browser: 'Chrome', os: 'Windows' }
      // 00:30 in Berlin is the day before in UTC.
      const sale = days.get('*/sale 2024-05-02') as { at: string }[]
      expect(sale.toSorted((a, b) => a.at.localeCompare(b.at))).toEqual([
        {
          ...{ at: '2024-05-02T07:00:00.000Z', bot: true, country: 'US' },
        },
        { at: '2024-05-02T08:00:00.000Z', country: 'DE', referrer: 'search.example', ...chrome },
        { at: '2024-05-02T08:00:00.000Z', country: 'US', ...chrome },
        {
          ...{ at: '2024-05-02T22:30:00.000Z', country: 'DE', referrer: 'news.example' },
          ...{ device: 'mobile', browser: 'Safari', os: 'iOS', utmSource: 'mail', utmCampaign: 'Spring' },
        },
      ])
      expect(days.get('*/a/b 2024-05-02')).toEqual([
        expect.objectContaining({ country: 'CI', referrer: 'com.example.mail', browser: 'Firefox' }),
      ])
      expect(days.get('*/sale 2024-05-01')).toEqual([
        { at: '2024-05-01T05:00:00.000Z', bot: true, country: 'XX' },
      ])
    })
  }

  test('keep region and city only if told', async () => {
    const { days } = acceptVisits(linkr, ['sale', 'a/b'])
    const { report } = await importVisits(exportFile('shlink-visits.csv'))
    expect(report.notes).toMatchObject({ 'without region and city (--geography keeps them)': 4 })
    expect(JSON.stringify([...days])).not.toContain('Köln')
    acceptVisits(linkr, ['sale', 'a/b'])
    await importVisits(exportFile('shlink-visits.csv'), '--geography')
    expect(JSON.stringify(linkr.requests.at(-1)?.body)).toContain('"city":"Köln"')
  })

  test('are of the link that --link names, where they do not say it themselves', async () => {
    const { days } = acceptVisits(linkr, ['new'])
    const { code, report } = await importVisits(exportFile('shlink-visits.csv'), '--link', 'new')
    expect([code, report.counted, report.rejected]).toEqual([0, 7, 0])
    expect(report.notes).toMatchObject({ 'of another code than that of --link, counted for it': 6 })
    expect([...days.keys()].every((name) => name.startsWith('*/new '))).toBe(true)
  })

  test('go to the domain of their host, or where --domain says', async () => {
    acceptVisits(linkr, ['sale', 'a/b'])
    linkr.served = ['s.test']
    await importVisits(exportFile('shlink-visits.csv'))
    expect(linkr.requests.at(-1)?.body.days[0].domain).toBe('s.test')
    await importVisits(exportFile('shlink-visits.csv'), '--domain', 's.test=go.example')
    expect(linkr.requests.at(-1)?.body.days[0].domain).toBe('go.example')
    // The default domain by its name, so that no day comes by two.
    linkr.served = []
    await importVisits(exportFile('shlink-visits.csv'))
    expect(linkr.requests.at(-1)?.body.days[0].domain).toBe('*')
  })

  test('count once: again, in a later export, and after an interruption', async () => {
    const { total } = acceptVisits(linkr, ['sale', 'a/b'])
    await importVisits(exportFile('shlink-visits.csv'))
    const again = await importVisits(exportFile('shlink-visits.csv'))
    expect(again.report).toMatchObject({ counted: 0, before: 6 })
    const newer =
      '"2024-05-03T01:00:00+02:00",false,"","Others","Others","Direct","Unknown","","",,,"https://s.test/sale",\n'
    const [header, ...rows] = exportFile('shlink-visits.csv').toString().split('\n')
    const later = await importVisits([header, newer.trim(), ...rows].join('\n'))
    expect(later.report).toMatchObject({ counted: 1, before: 6 })
    expect(total()).toBe(7)
  })

  test('tell in a dry run what would count', async () => {
    const { total } = acceptVisits(linkr, ['sale'])
    const { code, report } = await importVisits(exportFile('shlink-visits.csv'), '--dry-run')
    expect([code, report.dryRun, report.counted, report.refused, total()]).toEqual([3, true, 5, 1, 0])
    expect(report.refusals).toEqual({
      '/a/b: there is no such link (import links first; --domain says where they are)': 1,
    })
  })

  test('are sent again when the server fails or the answer is lost, and count once', async () => {
    const { total } = acceptVisits(linkr, ['sale', 'a/b'])
    let tries = 0
    linkr.fault = ({ path }) => {
      if (path !== '/visits/import') return undefined
      tries++
      return tries === 1 ? 'drop the answer' : tries === 2 ? { status: 503, retryAfter: '0' } : undefined
    }
    const { report } = await importVisits(exportFile('shlink-visits.csv'))
    expect([tries, report.end, total()]).toEqual([3, 'complete', 6])
    // The first attempt was counted: to this client these are visits from before.
    expect(report).toMatchObject({ counted: 0, before: 6 })
  })

  test('go on after an interruption where they stopped', async () => {
    const { total } = acceptVisits(linkr, ['sale'])
    const day = (i: number): string => new Date(Date.UTC(2020, 0, 1 + i)).toISOString()
    const rows = Array.from(
      { length: 1_500 },
      (_, i) => `${day(i)},,,,,,,https://s.test/sale,,valid_short_url`,
    )
    const text = `Date,"Potential bot","User agent",Referer,Country,Region,City,"Visited URL","Redirect URL",Type\n${rows.join('\n')}\n`
    const stop = new AbortController()
    linkr.fault = ({ path }) => {
      if (path === '/visits/import') stop.abort()
      return undefined
    }
    const file = join(folder, 'long.csv')
    writeFileSync(file, text)
    const first = await runCli(['import', 'visits', file, '--json'], {
      env: linkr.env,
      interrupt: stop.signal,
    })
    expect([first.code, JSON.parse(first.stdout).end, total()]).toEqual([130, 'interrupted', 1_000])
    linkr.fault = () => undefined
    const { report } = await importVisits(text)
    expect(report).toMatchObject({ counted: 500, before: 1_000, visits: 1_500, days: 1_500 })
  })
})

describe("YOURLS's log of clicks", () => {
  test('is read as mysql --batch writes it', async () => {
    const { days } = acceptVisits(linkr, ['abc'])
    const rows = [
      'click_id\tclick_time\tshorturl\treferrer\tuser_agent\tip_address\tcountry_code',
      '1\t2023-01-31 10:16:00\tabc\tdirect\tMozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0\t192.0.2.7\tAT',
      '2\t2023-01-31 10:17:00\tabc\thttps://News.example/"x\tcurl/8.0 \\t\\\\\t192.0.2.8\t',
      '',
    ]
    const { code, report } = await importVisits(rows.join('\n'))
    expect([code, report.counted]).toEqual([0, 2])
    expect(days.get('*/abc 2023-01-31')).toEqual([
      { at: '2023-01-31T10:15:00.000Z', country: 'AT', device: 'desktop', browser: 'Firefox', os: 'Linux' },
      { at: '2023-01-31T10:15:00.000Z', bot: true, country: 'XX' },
    ])
    expect(report.notes).toMatchObject({ 'of what linkr takes for a bot, and the export does not tell': 1 })
    expect(JSON.stringify(linkr.requests)).not.toContain('192.0.2')
  })
})

describe('clicks by day', () => {
  test('are people of whom nothing else is known', async () => {
    const { days } = acceptVisits(linkr, ['abc'])
    const { report } = await importVisits(
      'start,clicks,leads\n2024-05-01T00:00:00.000+02:00,12,1\n2024-05-02,0,0\n2024-05-03,1,\n',
      ...['--link', 'abc', '--source', 'dub'],
    )
    expect(report).toMatchObject({ format: 'days', rows: 3, visits: 13, counted: 13, days: 2 })
    expect(days.get('*/abc 2024-05-01')).toEqual([
      { at: '2024-05-01T00:00:00.000Z', hits: 12, country: 'XX', device: 'other' },
    ])
    expect(linkr.requests.at(-1)?.body.source).toBe('dub')
  })

  test('may be by the hour, as a query of Kutt writes them', async () => {
    const { days } = acceptVisits(linkr, ['abc'])
    await importVisits(
      'code,start,clicks\nabc,2024-05-01 10:17:02.123,2\nabc,2024-05-01 23:59:59.9,1\n',
      ...['--source', 'kutt'],
    )
    expect(days.get('*/abc 2024-05-01')).toEqual([
      { at: '2024-05-01T10:15:00.000Z', hits: 2, country: 'XX', device: 'other' },
      { at: '2024-05-01T23:45:00.000Z', country: 'XX', device: 'other' },
    ])
  })

  test('name their links, if they are of several', async () => {
    const { days } = acceptVisits(linkr, ['abc', 'def'])
    await importVisits(
      'bitlink,date,clicks\nbit.ly/abc,2024-05-01,2\nbit.ly/def,2024-05-01,3\n',
      '--domain',
      '*',
    )
    expect([...days.keys()]).toEqual(['*/abc 2024-05-01', '*/def 2024-05-01'])
  })
})

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0'

describe('files that cannot be imported as they are', () => {
  const HEADER = 'date,potentialBot,userAgent,referer,country,visitedUrl'

  test('have their bad rows listed, and the rest goes on', async () => {
    acceptVisits(linkr, ['ok'])
    const { code, report } = await importVisits(
      [
        HEADER,
        '2024-05-01T10:00:00Z,false,,,,https://s.test/ok',
        '2024-05-01T10:00:00Z,false,,,,',
        '2024-05-01T10:00:00Z,false',
        'yesterday,false,,,,https://s.test/ok',
        '2024-02-30T10:00:00Z,false,,,,https://s.test/ok',
        '1999-12-31T10:00:00Z,false,,,,https://s.test/ok',
        '2999-01-01T10:00:00Z,false,,,,https://s.test/ok',
        '2024-05-01T10:00:00Z,false,,,,https://s.test/',
        '2024-05-01T10:00:00Z,false,,,,https://s.test/a b',
        `2024-05-01T10:00:00Z,false,,,,https://s.test/${'x'.repeat(200)}`,
        "2024-05-01T10:00:00Z,false,,,,https://s.test/';DROP TABLE links",
        '2024-05-01T10:00:00Z,false,,,,https://s.test/\u001b[31mred',
      ].join('\n'),
    )
    expect([code, report.counted, report.rejected]).toEqual([3, 1, 11])
    expect(report.rejects.map(({ line }: { line: number }) => line)).toEqual([
      3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    ])
  })

  test('cannot smuggle anything into a value', async () => {
    const { days } = acceptVisits(linkr, ['ok'])
    const hostile = [
      `2024-05-01T10:00:00Z,false,"${FIREFOX}${'x'.repeat(100_000)}",javascript:alert(1),De\tutschland,https://s.test/ok?utm_source=a%09b%00c*&utm_medium=*`,
      `2024-05-01T10:00:00Z,yes,=cmd(),http://user:pw@${'a.'.repeat(200)}example/,*,https://s.test/ok?utm_source=${'é'.repeat(500)}`,
      '2024-05-01T10:00:00Z,false,,http://127.0.0.1/,__proto__,https://s.test/ok?qr=1',
      '2024-05-01T10:00:00Z,false,,"a\nb\u0000",constructor,https://s.test/ok',
    ]
    const { code } = await importVisits(`${HEADER}\n${hostile.join('\n')}\n`)
    expect(code).toBe(0)
    const sent = days.get('*/ok 2024-05-01') as Record<string, string>[]
    expect(sent).toHaveLength(4)
    for (const { at, ...visit } of sent) {
      for (const value of Object.values(visit).map(String)) expect(value).toMatch(/^(?!\*$)\P{Cc}{0,64}$/u)
      expect(visit.country).toBe('XX')
    }
    expect(sent.map(({ utmSource }) => utmSource).filter(Boolean)).toEqual(['abc*'])
  })

  test('send nothing when a quote is missing somewhere', async () => {
    acceptVisits(linkr, ['ok'])
    const result = await importVisits(
      `${HEADER}\n2024-05-01T10:00:00Z,false,,,,https://s.test/ok\n2024-05-01,"false,,,,`,
    )
    expect([result.code, message(result)]).toEqual([
      1,
      expect.stringContaining('a quoted cell that never ends'),
    ])
    expect(linkr.requests.filter(({ path }) => path === '/visits/import')).toEqual([])
  })

  test.each([
    ['', 'is empty'],
    ['keyword,url,title\na,https://acme.example/,\n', 'no export of visits that linkr knows'],
    ['\0\0\u0001', 'not a text file'],
    ['{"visits":{"data":[]}}', 'no export of visits that linkr knows'],
    [
      new Uint8Array([...Buffer.from('date,potentialBot,userAgent\n2024-05-01,false,M'), 0xfc, 0x6e]),
      'not UTF-8',
    ],
  ])('are refused: %j', async (content, expected) => {
    const result = await importVisits(content)
    expect([result.code, message(result)]).toEqual([2, expect.stringContaining(expected)])
  })

  test('of a day with more different visits than are kept are counted to the last one', async () => {
    const { days } = acceptVisits(linkr, ['ok'])
    const rows = Array.from({ length: 5_000 }, (_, i) => {
      const time = new Date(Date.UTC(2024, 4, 1) + i * 17_000).toISOString()
      return `${time},${i % 50 === 0},,https://r${i}.example/,DE,https://s.test/ok${i % 3 === 0 ? `?utm_source=${i}` : ''}`
    })
    const { report } = await importVisits(`${HEADER}\n${rows.join('\n')}\n`)
    expect(report).toMatchObject({ visits: 5_000, counted: 5_000 })
    const sent = days.get('*/ok 2024-05-01') as { hits?: number; bot?: boolean; country?: string }[]
    expect(sent.length).toBeLessThanOrEqual(2_000)
    const sum = (some: typeof sent) => some.reduce((total, { hits = 1 }) => total + hits, 0)
    expect(sum(sent.filter(({ bot }) => bot === true))).toBe(100)
    expect(sum(sent.filter(({ country }) => country === '*'))).toBe(report.folded)
    expect(report.folded).toBeGreaterThan(0)
  })

  test('are named with their faults on the command line', async () => {
    expect((await importVisits('date,clicks\n', '--link', 'a b')).code).toBe(2)
    expect((await importVisits('date,clicks\n', '--source', 'A B')).code).toBe(2)
    expect((await importVisits('date,clicks\n', '--format', 'kutt')).code).toBe(2)
    const denied = await importVisits('date,clicks\n2024-05-01,1\n', '--link', 'a', '--token', 'lk_other')
    expect(denied.code).toBe(1)
  })
})

describe('the name of a country', () => {
  const codeOf = createCountryCodes()

  test.each([
    ...[
      ['Germany', 'DE'],
      ['germany', 'DE'],
      ['United States', 'US'],
      ['The Netherlands', 'NL'],
      ['Netherlands', 'NL'],
    ],
    ...[
      ['South Korea', 'KR'],
      ['Russia', 'RU'],
      ['Türkiye', 'TR'],
      ['Turkey', 'TR'],
      ['Hong Kong', 'HK'],
      ['Macao', 'MO'],
    ],
    ...[
      ['Ivory Coast', 'CI'],
      ['Côte d’Ivoire', 'CI'],
      ['DR Congo', 'CD'],
      ['Republic of the Congo', 'CG'],
    ],
    ...[
      ['Congo Republic', 'CG'],
      ['Bosnia and Herzegovina', 'BA'],
      ['Trinidad and Tobago', 'TT'],
      ['Myanmar', 'MM'],
    ],
    ...[
      ['St Kitts and Nevis', 'KN'],
      ['Saint Lucia', 'LC'],
      ['Palestine', 'PS'],
      ['Kosovo', 'XK'],
      ['Åland', 'AX'],
    ],
    ...[
      ['Cabo Verde', 'CV'],
      ['Cape Verde', 'CV'],
      ['Timor-Leste', 'TL'],
      ['Curaçao', 'CW'],
      ['Vatican City', 'VA'],
    ],
    ...[
      ['United Kingdom', 'GB'],
      ['DE', 'DE'],
      ['de', 'DE'],
      ['', 'XX'],
      ['Unknown', 'XX'],
      ['XX', 'XX'],
    ],
    ...[
      ['Atlantis', null],
      ['*', null],
      ['__proto__', null],
      ['constructor', null],
    ],
  ])('%s is %s', (name, code) => {
    expect(codeOf(name as string)).toBe(code)
  })
})
