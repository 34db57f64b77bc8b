import type { Command } from 'commander'
import type { BulkResponse } from '../api/responses.ts'
import { confirm } from '../terminal/confirm.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type FilterOptions, withFilters } from './link-query.ts'

export interface BulkOptions extends FilterOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
}

export function withBulkOptions(command: Command): Command {
  return withFilters(command).option('--dry-run', 'only count them').option('--yes', 'do not ask')
}

export interface BulkChange {
  /** Links, by a dry run of the request. */
  readonly matched: number
  readonly question: string
  /** Changes as many links as one request may. */
  readonly request: () => Promise<BulkResponse>
  readonly onProgress?: (changed: number) => void
}

/** Asks, then repeats the request until every link is changed. Resolves to how many were. */
export async function changeAll(
  terminal: Terminal,
  { dryRun, yes }: BulkOptions,
  { matched, question, request, onProgress = () => {} }: BulkChange,
): Promise<number> {
  if (dryRun === true || matched === 0) return 0
  await confirm(terminal, question, yes)
  let all = 0
  for (;;) {
    const { changed, deleted, more } = await request()
    all += changed + deleted
    onProgress(all)
    if (!more || changed + deleted === 0) return all
  }
}
