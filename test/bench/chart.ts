import { type Summary, titleOf } from './summary.ts'

const [WIDTH, LABEL, BAR, GAP] = [760, 230, 26, 12]
const TITLE = 'CPU time of a redirect, in raw workerd on one core'

/** CPU time per request, one bar for each subject, readable on a light and on a dark page. */
export function chart(summaries: readonly Summary[]): string {
  const bars = [
    { label: 'bare Worker', value: summaries[0]?.bareCpuUs ?? 0, color: '#8b949e' },
    ...summaries.map(({ name, cpuUs }) => ({
      label: titleOf(name),
      value: cpuUs ?? 0,
      color: name === 'hono' || name === 'shared' ? '#8b949e' : '#2f81f7',
    })),
  ]
  const most = Math.max(...bars.map(({ value }) => value), 1)
  const rows = bars.map(({ label, value, color }, index) => {
    const y = 44 + index * (BAR + GAP)
    const width = Math.max(2, (value / most) * (WIDTH - LABEL - 90))
    return [
      `  <text x="${LABEL - 10}" y="${y + 18}" text-anchor="end">${label}</text>`,
      `  <rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3" fill="${color}"/>`,
      `  <text x="${(LABEL + width + 8).toFixed(1)}" y="${y + 18}">${value.toFixed(0)} µs</text>`,
    ].join('\n')
  })
  const height = 44 + bars.length * (BAR + GAP)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="14" fill="#768390">
  <title>${TITLE}</title>
  <text x="${LABEL}" y="24" font-weight="600">${TITLE}</text>
${rows.join('\n')}
</svg>
`
}
