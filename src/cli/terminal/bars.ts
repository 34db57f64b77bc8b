import { columnsOf, shorten } from './shorten.ts'
import { paint, print, type Terminal, widthOf } from './terminal.ts'
import { visible } from './visible.ts'

export interface Bar {
  /** From a server: it is made visible here. */
  readonly label: string
  readonly count: number
}

export interface BarChart {
  readonly title: string
  readonly bars: readonly Bar[]
}

const GAP = '  '
const SHARE_WIDTH = '100 %'.length
const MAX_BAR = 40
/** A shorter one says nothing. */
const MIN_BAR = 4
const MIN_LABEL = 4
const EIGHTHS = ' ▏▎▍▌▋▊▉'

/**
 * Whether to draw with ASCII only: the terminal is a simple one, or its locale has another encoding. Without a locale most
 * have UTF-8 all the same.
 */
export function isPlainTerminal({ env }: Terminal): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return env.TERM === 'dumb' || env.TERM === 'linux' || (locale !== '' && !/utf-?8/i.test(locale))
}

/** A line for each bar: label, bar, count, share of its chart. All charts have the same columns. */
export function printBars(terminal: Terminal, charts: readonly BarChart[]): void {
  const room = widthOf(terminal)
  const isPlain = isPlainTerminal(terminal)
  const all = charts.flatMap(({ bars }) => bars)
  const counts = widest(all.map(({ count }) => count.toLocaleString('en')))
  const longest = widest(all.map(({ label }) => visible(label)))
  const wished = Math.min(longest, Math.max(MIN_LABEL, Math.floor(room / 3)))
  const labels = Math.max(MIN_LABEL, Math.min(wished, room - counts - GAP.length))
  const hasShares = labels + counts + SHARE_WIDTH + 2 * GAP.length <= room
  const left = room - labels - counts - (hasShares ? SHARE_WIDTH : 0) - 3 * GAP.length
  const width = left < MIN_BAR ? 0 : Math.min(MAX_BAR, left)

  for (const { title, bars } of charts) {
    print(terminal, `\n${paint(terminal, terminal.stdout, 'bold', shorten(visible(title), room))}`)
    const sum = bars.reduce((total, { count }) => total + count, 0)
    const highest = bars.reduce((most, { count }) => Math.max(most, count), 1)
    for (const { label, count } of bars) {
      const name = shorten(visible(label), labels)
      const bar = drawBar(count / highest, width, isPlain)
      const cells = [
        name + ' '.repeat(Math.max(0, labels - columnsOf(name))),
        ...(width === 0 ? [] : [paint(terminal, terminal.stdout, 'cyan', bar)]),
        count.toLocaleString('en').padStart(counts),
        ...(hasShares ? [`${Math.round((100 * count) / Math.max(1, sum))} %`.padStart(SHARE_WIDTH)] : []),
      ]
      print(terminal, cells.join(GAP))
    }
  }
}

/** What is not 0 shows. */
function drawBar(share: number, width: number, isPlain: boolean): string {
  if (isPlain) return '#'.repeat(share === 0 ? 0 : Math.max(1, Math.round(share * width))).padEnd(width)
  const eighths = share === 0 ? 0 : Math.max(1, Math.round(share * width * 8))
  const rest = eighths % 8
  return ('█'.repeat(Math.floor(eighths / 8)) + (rest === 0 ? '' : (EIGHTHS[rest] ?? ''))).padEnd(width)
}

const widest = (texts: readonly string[]): number =>
  texts.reduce((width, text) => Math.max(width, columnsOf(text)), 0)
