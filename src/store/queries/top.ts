import type { RunQuery } from '../query.ts'
import type { TimeRange } from '../time-range.ts'
import { type CountOrigin, countSource } from './count-source.ts'
import { filterColumns } from './filter-columns.ts'
import type { Filter } from './filters.ts'
import { seenTimes } from './seen-times.ts'

/** Names one request or connection each: there is no top of those. */
const unique = new Set(['request_id', 'client_request_id', 'trace_id', 'span_id', 'upstream_request_id'])

/** Columns that a top list can be made of. */
export const topDimensions: readonly string[] = filterColumns
  .map((column) => column.name)
  .filter((name) => !unique.has(name) && !/_(ms|bytes)$/.test(name))

export interface TopRequest {
  readonly range: TimeRange
  readonly filters: readonly Filter[]
  readonly dimension: string
  readonly limit: number
}

export interface TopItem {
  readonly key: string
  readonly count: number
  /** Part of all events of the range, from 0 to 1. */
  readonly share: number
  /** In the range of equal length before. */
  readonly previousCount: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

export interface Top {
  readonly source: CountOrigin
  readonly total: number
  readonly previousTotal: number
  readonly items: readonly TopItem[]
}

interface TopRow {
  readonly name: string
  readonly current: number
  readonly previous: number
  readonly first_seen: number
  readonly last_seen: number
  readonly total: number
  readonly previous_total: number
}

/** The values of a dimension with most events in the range, most first. */
export async function topUpstreamErrors(run: RunQuery, request: TopRequest): Promise<Top> {
  const { range, filters, dimension, limit } = request
  const before = { fromMs: Math.max(0, 2 * range.fromMs - range.toMs), toMs: range.fromMs }
  const current = countSource(run, { range, filters, dimension, seen: true, prefix: 'current_' })
  const previous = countSource(run, { range: before, filters, dimension, prefix: 'previous_' })
  const { rows } = await run<TopRow>({
    sql: `SELECT *, sum(current) OVER () AS total, sum(previous) OVER () AS previous_total FROM (
        SELECT key AS name, sumIf(n, period = 0) AS current, sumIf(n, period = 1) AS previous,
          minIf(first_ms, period = 0) AS first_seen, maxIf(last_ms, period = 0) AS last_seen
        FROM (
          SELECT 0 AS period, key, n, first_ms, last_ms FROM (${current.sql})
          UNION ALL
          SELECT 1 AS period, key, n, 0 AS first_ms, 0 AS last_ms FROM (${previous.sql})
        ) GROUP BY name
      ) ORDER BY current DESC, name LIMIT {top_limit:UInt32}`,
    params: { ...current.params, ...previous.params, top_limit: limit },
    class: 'analysis',
  })
  const found = rows.filter((row) => row.current > 0)
  const seen = await seenTimes(run, request, found, current)
  return {
    source: current.origin,
    total: rows[0]?.total ?? 0,
    previousTotal: rows[0]?.previous_total ?? 0,
    items: found.map((row) => ({
      key: row.name,
      count: row.current,
      share: row.current / row.total,
      previousCount: row.previous,
      firstSeenMs: seen.get(row.name)?.firstMs ?? row.first_seen,
      lastSeenMs: seen.get(row.name)?.lastMs ?? row.last_seen,
    })),
  }
}
