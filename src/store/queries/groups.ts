import type { RunQuery } from '../query.ts'
import { maxRangeDays, type TimeRange } from '../time-range.ts'
import { type CountOrigin, countSource } from './count-source.ts'
import { type EventRow, lightColumns, readEvents, selectColumns } from './event-columns.ts'
import { type Filter, filterConditions } from './filters.ts'
import { automaticBucketSeconds } from './histogram.ts'
import { type SeenTimes, seenTimes } from './seen-times.ts'

export interface GroupsRequest {
  readonly range: TimeRange
  readonly filters: readonly Filter[]
  readonly limit: number
}

/** Distinct values: how many (1000 stands for more as well), and some of them. */
export interface Affected {
  readonly count: number
  readonly values: readonly string[]
}

export interface ErrorGroup {
  /** 16 hex digits. */
  readonly fingerprint: string
  readonly count: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** No event of this fingerprint, whatever the filters, was before the range. */
  readonly isNew: boolean
  /** Counts of the buckets of the range. */
  readonly sparkline: readonly number[]
  readonly accounts: Affected
  readonly models: Affected
  /** The newest event; undefined when it is deleted already and only counts are left. */
  readonly sample: EventRow | undefined
}

export interface Groups {
  readonly source: CountOrigin
  readonly bucketSeconds: number
  readonly firstBucketMs: number
  readonly groups: readonly ErrorGroup[]
}

interface GroupRow {
  readonly name: string
  readonly count: number
  readonly first_seen: number
  readonly last_seen: number
  readonly line: readonly [at: readonly number[], counts: readonly number[]]
}

const none: Affected = { count: 0, values: [] }
const sparklineBuckets = 30
const shownValues = 10
/** Distinct values are counted up to this. */
const maxDistinct = 1000
const dayMs = 86_400_000

/** Errors of a range by fingerprint, those with most events first. */
export async function groupUpstreamErrors(run: RunQuery, request: GroupsRequest): Promise<Groups> {
  const { range, filters, limit } = request
  const bucketSeconds = automaticBucketSeconds(range, sparklineBuckets)
  const counts = countSource(run, { range, filters, bucketSeconds, dimension: 'fingerprint', seen: true })
  const { rows } = await run<GroupRow>({
    sql: `SELECT key AS name, sum(n) AS count, min(first_ms) AS first_seen, max(last_ms) AS last_seen,
        sumMap([at], [n]) AS line
      FROM (${counts.sql}) GROUP BY name HAVING count > 0 ORDER BY count DESC, name LIMIT {group_limit:UInt32}`,
    params: { ...counts.params, group_limit: limit },
    class: 'analysis',
  })
  const fingerprints = rows.map((row) => BigInt(`0x${row.name}`).toString())
  const ofGroups: Filter = { form: 'fingerprint', column: 'fingerprint', include: fingerprints, exclude: [] }
  const narrowed = {
    range,
    filters: [...filters.filter((filter) => filter.form !== 'fingerprint'), ofGroups],
  }
  const nothing = rows.length === 0
  const times = await seenTimes(run, { ...narrowed, dimension: 'fingerprint' }, rows, counts)
  const before = nothing ? new Set() : await seenBefore(run, range.fromMs, ofGroups)
  const affected = (dimension: 'account_id' | 'model') =>
    nothing ? new Map<string, Affected>() : affectedBy(run, narrowed, dimension)
  const [accounts, models] = [await affected('account_id'), await affected('model')]
  const samples = nothing ? new Map<string, EventRow>() : await newestEvents(run, narrowed.filters, times)
  const firstBucketMs = Math.floor(range.fromMs / 1000 / bucketSeconds) * bucketSeconds * 1000
  const bucketTotal = Math.ceil((range.toMs - firstBucketMs) / 1000 / bucketSeconds)
  return {
    source: counts.origin,
    bucketSeconds,
    firstBucketMs,
    groups: rows.map((row) => {
      const seen = times.get(row.name)
      const sparkline = Array.from({ length: bucketTotal }, () => 0)
      for (const [index, at] of row.line[0].entries())
        sparkline[(at * 1000 - firstBucketMs) / 1000 / bucketSeconds] = row.line[1][index] ?? 0
      return {
        fingerprint: row.name,
        count: row.count,
        firstSeenMs: seen?.firstMs ?? row.first_seen,
        lastSeenMs: seen?.lastMs ?? row.last_seen,
        isNew: !before.has(row.name),
        sparkline,
        accounts: accounts.get(row.name) ?? none,
        models: models.get(row.name) ?? none,
        sample: samples.get(row.name),
      }
    }),
  }
}

async function seenBefore(run: RunQuery, untilMs: number, ofGroups: Filter): Promise<Set<string>> {
  const earlier = { fromMs: Math.max(0, untilMs - maxRangeDays * dayMs), toMs: untilMs }
  const counts = countSource(run, { range: earlier, filters: [ofGroups], dimension: 'fingerprint' })
  const { rows } = await run<{ name: string }>({
    sql: `SELECT key AS name FROM (${counts.sql}) GROUP BY name HAVING sum(n) > 0`,
    params: counts.params,
    class: 'analysis',
  })
  return new Set(rows.map((row) => row.name))
}

/** Which accounts, or models, the events of each group have. */
async function affectedBy(
  run: RunQuery,
  { range, filters }: Omit<GroupsRequest, 'limit'>,
  dimension: 'account_id' | 'model',
): Promise<Map<string, Affected>> {
  const counts = countSource(run, { range, filters, dimension, per: 'fingerprint' })
  const { rows } = await run<{ name: string; count: number; names: string[] }>({
    sql: `SELECT per AS name, toUInt32(least(count(), ${maxDistinct})) AS count, arraySort(groupArraySorted(${shownValues})(key)) AS names
      FROM (SELECT per, key FROM (${counts.sql}) WHERE key != '' GROUP BY per, key HAVING sum(n) > 0) GROUP BY name`,
    params: counts.params,
    class: 'analysis',
  })
  return new Map(rows.map(({ name, count, names }) => [name, { count, values: names }]))
}

/** The newest event of each group: its time is known, so that only those moments are read. */
async function newestEvents(run: RunQuery, filters: readonly Filter[], times: SeenTimes) {
  const { sql, params } = filterConditions(filters)
  const bound: Record<string, unknown> = { ...params }
  const moments = [...new Set([...times.values()].map((seen) => seen.lastMs))].map((ms, index) => {
    bound[`moment${index}`] = ms
    return `fromUnixTimestamp64Milli({moment${index}:Int64})`
  })
  if (moments.length === 0) return new Map<string, EventRow>()
  const events = await readEvents(run, {
    sql: `SELECT ${selectColumns(lightColumns)} FROM ops_upstream_error_events
      WHERE created_at IN (${moments.join(', ')}) AND ${sql.join(' AND ')}
      ORDER BY created_at DESC, event_id DESC LIMIT 1 BY fingerprint`,
    params: bound,
    class: 'analysis',
  })
  return new Map(events.map((event) => [String(event.fingerprint), event]))
}
