import type { RunQuery } from '../query.ts'
import { maxRangeDays, type TimeRange } from '../time-range.ts'
import { type CountOrigin, countSource } from './count-source.ts'
import { columnsFirst, type EventRow, fingerprintText, lightColumns, selectColumns } from './event-columns.ts'
import { type Filter, filterConditions } from './filters.ts'
import { automaticBucketSeconds } from './histogram.ts'
import { rangeConditions } from './range-conditions.ts'
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
  const affected = nothing ? new Map<string, AffectedRow>() : await affectedBy(run, narrowed)
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
      const {
        accounts = 0,
        account_values = [],
        models = 0,
        model_values = [],
      } = affected.get(row.name) ?? {}
      return {
        fingerprint: row.name,
        count: row.count,
        firstSeenMs: seen?.firstMs ?? row.first_seen,
        lastSeenMs: seen?.lastMs ?? row.last_seen,
        isNew: !before.has(row.name),
        sparkline,
        accounts: { count: accounts, values: account_values },
        models: { count: models, values: model_values },
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

interface AffectedRow {
  readonly name: string
  readonly accounts: number
  readonly account_values: readonly string[]
  readonly models: number
  readonly model_values: readonly string[]
}

async function affectedBy(run: RunQuery, { range, filters }: Omit<GroupsRequest, 'limit'>) {
  const bounds = rangeConditions(range)
  const { sql, params } = filterConditions(filters)
  // Bounded, so that no group can hold every account in memory.
  const distinct = (column: string, name: string) =>
    `groupUniqArrayIf(${maxDistinct})(${column}, ${column} != '') AS ${name}_all,
      toUInt32(length(${name}_all)) AS ${name}s, arraySlice(arraySort(${name}_all), 1, ${shownValues}) AS ${name}_values`
  const { rows } = await run<AffectedRow>({
    sql: `SELECT name, accounts, account_values, models, model_values FROM (
      SELECT ${fingerprintText} AS name, ${distinct('account_id', 'account')}, ${distinct('model', 'model')}
      FROM ops_upstream_error_events WHERE ${[...bounds.sql, ...sql].join(' AND ')} GROUP BY fingerprint)`,
    params: { ...bounds.params, ...params },
    class: 'analysis',
  })
  return new Map(rows.map((row) => [row.name, row]))
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
  const { rows } = await run<EventRow>({
    sql: `SELECT ${selectColumns(lightColumns)} FROM ops_upstream_error_events
      WHERE created_at IN (${moments.join(', ')}) AND ${sql.join(' AND ')}
      ORDER BY created_at DESC, event_id DESC LIMIT 1 BY ops_upstream_error_events.fingerprint`,
    params: bound,
    class: 'analysis',
    settings: columnsFirst,
  })
  return new Map(rows.map((row) => [String(row.fingerprint), row]))
}
