/**
 * @module
 * What `npm run bench` measures: each Worker in a workerd of its own, and what is asked of it.
 */
import { buildBare, buildHono, buildLinkr, buildShared } from './build.ts'
import type { Cores } from './cores.ts'
import { ABSENT, type Fixture, HOT } from './fixture.ts'
import type { RedirectOptions } from './redirects.ts'
import type { Subject } from './rounds.ts'
import { type RunningWorkerd, startWorkerd } from './workerd.ts'

export interface Workers extends Readonly<Record<'bare' | 'shared' | 'hono' | 'linkr', RunningWorkerd>> {
  /** linkr's. */
  readonly script: string
  close(): Promise<void>
}

export async function startWorkers(bindings: Fixture['bindings'], cores: Cores): Promise<Workers> {
  const { script } = buildLinkr()
  const workers = {
    bare: await startServer('bare', buildBare().script, cores),
    shared: await startServer('shared', buildShared().script, cores),
    hono: await startServer('hono', buildHono().script, cores),
    linkr: await startServer('linkr', script, cores, bindings),
  }
  return {
    ...workers,
    script,
    async close() {
      for (const worker of Object.values(workers)) await worker.close()
    },
  }
}

export const startServer = (
  name: string,
  script: string,
  { server }: Cores,
  bindings: Fixture['bindings'] = {},
): Promise<RunningWorkerd> => startWorkerd({ name, servers: [{ name, script, bindings }], core: server })

export const urlOf = ({ urls }: RunningWorkerd): string => [...urls.values()][0] ?? ''

/** Of either, spent on counting and on latencies. */
const SPENT = 200

/** @param links how many there are of each kind. */
export function subjectsOf(
  { bare, shared, hono, linkr }: Workers,
  { warmLinks, coldLinks }: Pick<RedirectOptions, 'warmLinks' | 'coldLinks'>,
) {
  const subject = (
    worker: RunningWorkerd,
    name: string,
    path: Subject['path'],
    rest: Partial<Subject> = {},
  ): Subject => ({
    name,
    path,
    url: urlOf(worker),
    pid: worker.pid,
    method: 'GET',
    expectedStatus: 302,
    ...rest,
  })
  return {
    bare: subject(bare, 'bare', HOT),
    shared: subject(shared, 'shared', HOT),
    subjects: [
      subject(hono, 'hono', HOT),
      subject(linkr, 'hot', HOT, { isHot: true }),
      subject(linkr, 'head', HOT, { method: 'HEAD', isHot: true }),
      subject(linkr, 'absent', ABSENT, { expectedStatus: 404 }),
      subject(linkr, 'warm', { prefix: '/w', first: SPENT, count: warmLinks - SPENT }),
      subject(linkr, 'cold', { prefix: '/c', first: SPENT, count: coldLinks - SPENT }),
    ],
  }
}
