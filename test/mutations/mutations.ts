/** One way to break a promise. */
export interface Mutation {
  readonly name: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** The tests that must notice. */
  readonly tests: readonly string[]
}

const FRESHNESS = ['test/interleavings/freshness.test.ts']
const HITS = ['test/interleavings/hits.test.ts']

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'freshness: Redis is never suspected after an outage',
    file: 'src/live-links.ts',
    find: 'return publisher.isBehind()',
    replace: 'return false',
    tests: ['test/live-links.test.ts', ...FRESHNESS],
  },
  {
    name: 'freshness: a breaker that closes does not tell the publisher',
    file: 'src/live-links.ts',
    find: 'onClose: () => publisher.markBehind(),',
    replace: '',
    tests: ['test/live-links.test.ts'],
  },
  {
    name: 'freshness: Redis goes back unnoticed',
    file: 'src/registers/change-log.ts',
    find: "if (kind === 'back') listener.onWentBack()",
    replace: '',
    tests: ['test/registers/change-log.test.ts', 'test/live-links.test.ts'],
  },
  {
    name: 'freshness: a full page of the change log counts as complete',
    file: 'src/redis/scripts/changes.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file
    find: '#news <= ${MAX_NEWS_ENTRIES + 1} then',
    replace: 'true then',
    tests: ['test/registers/change-log.test.ts'],
  },
  {
    name: 'freshness: too much news counts as complete',
    file: 'src/redis/scripts/changes.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file
    find: "if seen == '' and bytes <= ${MAX_NEWS_BYTES} then return told end",
    replace: "if seen == '' then return told end",
    tests: ['test/registers/change-log.test.ts', 'test/faults/far-isolate.test.ts'],
  },
  {
    name: 'freshness: a load that was overtaken wins',
    file: 'src/cache/isolate-memory.ts',
    find: 'const isOvertaken = (entries.peek(name)?.order ?? 0) > entry.order',
    replace: 'const isOvertaken = false',
    tests: ['test/cache/memory-tier-loads.test.ts'],
  },
  {
    name: 'freshness: a load from before an edit is kept',
    file: 'src/cache/isolate-memory.ts',
    find: 'if (!isOvertaken && !isBeforeGap(entry) && !isOutdated(name, entry)) entries.set(name, entry)',
    replace: 'if (!isOvertaken && !isBeforeGap(entry)) entries.set(name, entry)',
    tests: ['test/cache/memory-tier.test.ts', 'test/cache/memory-tier-loads.test.ts'],
  },
  {
    name: 'freshness: a load that is known to be outdated is returned',
    file: 'src/cache/memory-tier.ts',
    find: 'if (!memory.isOutdated(name, entry) && !isDoubtful) return entry.value',
    replace: 'return entry.value',
    tests: ['test/cache/memory-tier-loads.test.ts'],
  },
  {
    name: 'freshness: a request joins any load that is running',
    file: 'src/cache/memory-tier.ts',
    find: 'running.era === era && running.atLeast >= atLeast && loadedAt - running.loadedAt <= PATIENCE_MS,',
    replace: 'running.era === era || running.atLeast >= atLeast || loadedAt > running.loadedAt,',
    tests: ['test/cache/memory-tier-loads.test.ts', 'test/cache/memory-tier.test.ts'],
  },
  {
    name: 'freshness: memory is trusted for a minute',
    file: 'src/cache/isolate-memory.ts',
    find: 'export const IN_SYNC_MS = 5_000',
    replace: 'export const IN_SYNC_MS = 60_000',
    tests: ['test/cache/memory-tier.test.ts'],
  },
  {
    name: 'freshness: what a replica had counts as loaded now',
    file: 'src/cache/redis-tier.ts',
    find: 'lagMs: MAX_REPLICA_LAG_MS }',
    replace: 'lagMs: 0 }',
    tests: ['test/cache/redis-tier.test.ts', ...FRESHNESS],
  },
  {
    name: 'freshness: a replica is asked right after a gap',
    file: 'src/cache/isolate-memory.ts',
    find: 'loadedAt - untoldAt > MAX_REPLICA_LAG_MS',
    replace: 'true',
    tests: ['test/cache/replica-lag.test.ts', ...FRESHNESS],
  },
  {
    name: 'freshness: a replica may have an older version than is known',
    file: 'src/cache/redis-tier.ts',
    find: 'near.version >= need.atLeast && ',
    replace: '',
    tests: ['test/cache/redis-tier.test.ts', ...FRESHNESS],
  },
  {
    name: 'freshness: an edit leaves leases alone',
    file: 'src/redis/scripts/registers.ts',
    find: `  local held = token ~= '' and redis.call('GET', lease) == token
  redis.call('DEL', lease)`,
    replace: "  local held = token ~= '' and redis.call('GET', lease) == token",
    tests: FRESHNESS,
  },
  {
    name: 'freshness: an older edit replaces a newer register',
    file: 'src/redis/scripts/registers.ts',
    find: 'if found and tonumber(found) > tonumber(version) then',
    replace: 'if false then',
    tests: FRESHNESS,
  },
  {
    name: 'freshness: a failed publication is forgotten',
    file: 'src/registers/publisher.ts',
    find: `        log.error('cache.publish_failed', { edits: edits.length, error: describeError(error) })
        markBehind(RETRY_EVERY_MS)`,
    replace:
      "        log.error('cache.publish_failed', { edits: edits.length, error: describeError(error) })",
    tests: ['test/registers/publisher.test.ts', 'test/faults/redis-down.test.ts'],
  },
  {
    name: 'freshness: settled edits that Redis has lost stay lost',
    file: 'src/registers/publisher.ts',
    find: '    await reopenLost(store)\n    let drained',
    replace: '    let drained',
    tests: ['test/faults/redis-goes-back.test.ts'],
  },
  {
    name: 'cron: the outbox is never drained',
    file: 'src/cron.ts',
    find: 'else if (claimed > 0 || publisher.isBehind()) await publisher.drain()',
    replace: '',
    tests: ['test/cron.test.ts'],
  },
  {
    name: 'cron: an applied segment does not drain the outbox',
    file: 'src/cron.ts',
    find: 'else if (claimed > 0 || publisher.isBehind())',
    replace: 'else if (publisher.isBehind())',
    tests: ['test/cron.test.ts'],
  },
  {
    name: 'hits: the flush does not lock its links',
    file: 'src/postgres/apply-hits.ts',
    find: '      FOR KEY SHARE OF links\n    ), added',
    replace: '    ), added',
    tests: ['test/integration/flush.test.ts'],
  },
  {
    name: 'hits: a segment is applied whenever it comes',
    file: 'src/postgres/apply-hits.ts',
    find: 'SELECT id FROM inserted UNION ALL SELECT id FROM grown)\n',
    replace: 'SELECT id FROM segments)\n',
    tests: ['test/integration/flush.test.ts', 'test/faults/flush-interrupted.test.ts'],
  },
  {
    name: 'hits: a segment that came back counts as a whole',
    file: 'src/postgres/apply-hits.ts',
    find: 'sum(c.hits - coalesce(a.hits, 0)) AS hits',
    replace: 'sum(c.hits) AS hits',
    tests: ['test/faults/redis-goes-back-hits.test.ts'],
  },
  {
    name: 'hits: a batch that was sent twice is added twice',
    file: 'src/redis/scripts/commit-hits.ts',
    find: 'if score >= sequence then return {0, news} end',
    replace: '',
    tests: HITS,
  },
  {
    name: 'hits: a segment that may have been flushed takes new hits',
    file: 'src/redis/scripts/commit-hits.ts',
    find: '(hasGoneBack or isOld or hasEarlier) and seal()',
    replace: 'redis.call("HLEN", KEYS[1]) == 0 and seal()',
    tests: ['test/faults/redis-goes-back-hits.test.ts', ...HITS],
  },
  {
    name: 'hits: any score is taken for that of the batch confirmed last',
    file: 'src/redis/scripts/commit-hits.ts',
    find: 'or confirmed == 0 or score ~= confirmed or step <= 0 then',
    replace: 'or confirmed == 0 or step <= 0 then',
    tests: ['test/redis/commit-hits.test.ts', ...HITS],
  },
  {
    name: 'hits: a batch that Redis refused to count is taken for one that it has',
    file: 'src/redis/scripts/commit-hits.ts',
    find: "if not isHalf and type(mark(score)) == 'number' then return refusal end",
    replace: 'if not isHalf then return refusal end',
    tests: ['test/redis/commit-hits.test.ts'],
  },
  {
    name: 'hits: a sealed segment names batches of earlier ones',
    file: 'src/redis/scripts/hit-segment.ts',
    find: 'if before[scores[i]] ~= scores[i + 1] then',
    replace: 'if true then',
    tests: ['test/redis/commit-hits.test.ts'],
  },
  {
    name: 'hits: a claim that is sent twice begins the same segment twice',
    file: 'src/redis/scripts/hit-segment.ts',
    find: 'number + 1))',
    replace: '1))',
    tests: ['test/redis/commit-hits.test.ts'],
  },
  {
    name: 'hits: a batch that is worth a commit waits for the longer window',
    file: 'src/hits/hit-recorder.ts',
    find: '} while (left > 0 && !committer.isDue())',
    replace: '} while (left > 0)',
    tests: ['test/hits/hit-recorder.test.ts'],
  },
  {
    name: 'hits: a batch that may have reached Redis goes to Postgres too',
    file: 'src/hits/hit-committer.ts',
    find: "if (outcome === 'may have arrived') return outcome",
    replace: '',
    tests: ['test/hits/hit-recorder.test.ts', ...HITS],
  },
  {
    name: 'hits: a Redis that keeps failing is waited for',
    file: 'src/hits/hit-committer.ts',
    find: "outcome === 'never sent' || failures >= FAILURES_TO_BYPASS",
    replace: "outcome === 'never sent'",
    tests: ['test/hits/hit-recorder.test.ts'],
  },
  {
    name: 'hits: a leader goes on past its time',
    file: 'src/hits/hit-recorder.ts',
    find: 'isLast = runtime.now() - since + commitWindowMs > LEADS_FOR_MS',
    replace: 'isLast = false',
    tests: ['test/hits/busy-isolate.test.ts', 'test/hits/hit-recorder.test.ts'],
  },
  {
    name: 'hits: a leader hands over only after its last commit',
    file: 'src/hits/hit-recorder.ts',
    find: 'if (isLast) resign()',
    replace: '',
    tests: ['test/hits/busy-isolate.test.ts', 'test/hits/hit-recorder.test.ts'],
  },
  {
    name: 'hits: a refusal of Redis is no outage',
    file: 'src/redis/client.ts',
    find: "return refusal === null || refusal === 'out of order'",
    replace: 'return refusal === null',
    tests: ['test/redis/client.test.ts', 'test/faults/redis-refuses.test.ts'],
  },
  {
    name: 'hits: a release forgets what was filled anew',
    file: 'src/redis/scripts/flush-hits.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file
    find: "if (redis.call('HGET', ARGV[1] .. ARGV[i], '${FIELD.next}') or '') == ARGV[i + 1] then",
    replace: 'if true then',
    tests: ['test/faults/redis-goes-back-hits.test.ts', ...HITS],
  },
  {
    name: 'links: a restore lowers a baseline',
    file: 'src/postgres/bulk-store.ts',
    find: 'greatest(link_hits.baseline, ',
    replace: 'greatest(0, ',
    tests: ['test/integration/totals.test.ts'],
  },
  {
    name: 'idempotency: what was written is not recorded',
    file: 'src/api/http/idempotent.ts',
    find: "c.set('attempt', ",
    replace: 'void (',
    tests: ['test/faults/repeated-requests.test.ts'],
  },
  {
    name: 'visits: more is told of a link than is counted',
    file: 'src/postgres/visit-rows.ts',
    find: 'least(t.hits, c.hits - t.told_later)::bigint AS hits',
    replace: 't.hits AS hits',
    tests: ['test/integration/visits.test.ts'],
  },
  {
    name: 'visits: misses of a segment count each time that it comes',
    file: 'src/postgres/missed-codes.ts',
    find: 'WHERE s.id IN (SELECT id FROM inserted)',
    replace: 'WHERE true',
    tests: ['test/integration/visits.test.ts'],
  },
  {
    name: 'visits: a forgotten day takes fewer visitors',
    file: 'src/postgres/day-counts.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the file
    find: 'greatest(${table}.visitors, excluded.visitors)',
    replace: 'excluded.visitors',
    tests: ['test/integration/visitors.test.ts'],
  },
  {
    name: 'visits: a purge loses hits',
    file: 'src/postgres/stats-purge.ts',
    find: ', baseline = baseline + purged.hits',
    replace: '',
    tests: ['test/integration/visit-retention.test.ts'],
  },
]
