import type { RunQuery } from '../query.ts'
import type { TimeRange } from '../time-range.ts'
import { type CountSource, keyText } from './count-source.ts'
import { type Filter, filterConditions } from './filters.ts'

/** By key, Unix ms. */
export type SeenTimes = ReadonlyMap<string, { readonly firstMs: number; readonly lastMs: number }>

interface SeenRow {
  readonly name: string
  /** Of the event, or of the rollup's bucket that holds it. */
  readonly first_seen: number
  readonly last_seen: number
}

/**
 * When keys were first and last seen in the range, exactly. A rollup knows only the buckets, so the events of those are
 * looked at; a key whose events are deleted is missing here.
 */
export async function seenTimes(
  run: RunQuery,
  request: { readonly range: TimeRange; readonly filters: readonly Filter[]; readonly dimension: string },
  rows: readonly SeenRow[],
  { rollup }: CountSource,
): Promise<SeenTimes> {
  if (rows.length === 0) return new Map()
  if (rollup === undefined)
    return new Map(rows.map((row) => [row.name, { firstMs: row.first_seen, lastMs: row.last_seen }]))
  const { range, filters, dimension } = request
  const bucketMs = rollup.bucketSeconds * 1000
  const windows = mergeRanges(
    rows.flatMap((row) => [row.first_seen, row.last_seen]).map((ms) => within(range, ms, ms + bucketMs)),
  )
  const { sql, params } = filterConditions(filters)
  const bound: Record<string, unknown> = { ...params, keys: rows.map((row) => row.name) }
  const anyWindow = windows.map(({ fromMs, toMs }, index) => {
    bound[`window${index}_from`] = fromMs
    bound[`window${index}_to`] = toMs
    return `(created_at >= fromUnixTimestamp64Milli({window${index}_from:Int64})
      AND created_at < fromUnixTimestamp64Milli({window${index}_to:Int64}))`
  })
  const key = keyText(dimension)
  const times = await run<{ name: string; first_ms: number; last_ms: number }>({
    sql: `SELECT ${key} AS name, min(toUnixTimestamp64Milli(created_at)) AS first_ms,
        max(toUnixTimestamp64Milli(created_at)) AS last_ms
      FROM ops_upstream_error_events
      WHERE (${anyWindow.join(' OR ')}) AND ${[...sql, `${key} IN {keys:Array(String)}`].join(' AND ')} GROUP BY name`,
    params: bound,
    class: 'analysis',
  })
  return new Map(times.rows.map((row) => [row.name, { firstMs: row.first_ms, lastMs: row.last_ms }]))
}

function within(range: TimeRange, fromMs: number, toMs: number): TimeRange {
  return { fromMs: Math.max(range.fromMs, fromMs), toMs: Math.min(range.toMs, toMs) }
}

function mergeRanges(ranges: readonly TimeRange[]): TimeRange[] {
  const merged: { fromMs: number; toMs: number }[] = []
  for (const range of ranges.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1)
    if (last && range.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, range.toMs)
    else merged.push({ ...range })
  }
  return merged
}
