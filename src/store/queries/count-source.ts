import type { RunQuery } from '../query.ts'
import { type Rollup, rollups } from '../rollups.ts'
import type { TimeRange } from '../time-range.ts'
import { fingerprintText } from './event-columns.ts'
import { type Filter, filterConditions } from './filters.ts'
import { rangeConditions } from './range-conditions.ts'

/** Where counts come from: `rollup`, `raw` (the events), or `mixed`: whole buckets from a rollup, the edges raw. */
export type CountOrigin = 'rollup' | 'mixed' | 'raw'

export interface CountRequest {
  readonly range: TimeRange
  readonly filters: readonly Filter[]
  /** The column to count by. */
  readonly dimension?: string | undefined
  /** A further column to count by: the text in `per`. */
  readonly per?: string | undefined
  /** The width of the time buckets to count by. */
  readonly bucketSeconds?: number | undefined
  /** Also `first_ms` and `last_ms` of each group: of the events, or of the rollup's buckets that hold them. */
  readonly seen?: boolean
  /** In front of the names of its parameters, to tell several of one query apart. */
  readonly prefix?: string
}

/** A subquery with the columns `at` (start of the bucket, Unix seconds; 0 without buckets), `key`, `per` (texts) and `n`. */
export interface CountSource {
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
  readonly origin: CountOrigin
  readonly rollup: Rollup | undefined
}

/**
 * The cheapest exact source of counts: a rollup that has all columns in question answers the whole buckets of the
 * range, the events answer what is left at both ends. Rollups do not tell namespaces apart, so that what is restricted
 * to some of them is counted from the events.
 */
export function countSource(run: Pick<RunQuery, 'serviceNamespaces'>, request: CountRequest): CountSource {
  const { range, filters, dimension, bucketSeconds } = request
  const columns = new Set(filters.map((filter) => filter.column))
  for (const column of [dimension, request.per]) if (column !== undefined) columns.add(column)
  const rollup = run.serviceNamespaces === undefined ? chooseRollup(range, columns, bucketSeconds) : undefined
  const { sql, params } = filterConditions(filters)
  const build = { request, conditions: sql }
  if (rollup === undefined) {
    const part = rawPart(build, range, 'a')
    return { sql: part.sql, params: { ...params, ...part.params }, origin: 'raw', rollup }
  }
  const whole = wholeBuckets(range, rollup)
  const parts = [rollupPart(build, whole, rollup)]
  if (range.fromMs < whole.fromMs)
    parts.push(rawPart(build, { fromMs: range.fromMs, toMs: whole.fromMs }, 'a'))
  if (whole.toMs < range.toMs) parts.push(rawPart(build, { fromMs: whole.toMs, toMs: range.toMs }, 'b'))
  return {
    sql: parts.map((part) => part.sql).join(' UNION ALL '),
    params: Object.assign({}, params, ...parts.map((part) => part.params)),
    origin: parts.length === 1 ? 'rollup' : 'mixed',
    rollup,
  }
}

/** Up to this, the events themselves are read faster than a rollup and the edges that it leaves. */
const briefRangeMs = 2 * 3_600_000
/** So old an event is there at the shortest retention; of what is deleted, only rollups still know. */
const surelyKeptMs = 86_400_000
/** Beyond this, hours read less than minutes. */
const shortRangeMs = 6 * 3_600_000
const hourSeconds = 3600

function chooseRollup(
  range: TimeRange,
  columns: ReadonlySet<string>,
  bucketSeconds: number | undefined,
): Rollup | undefined {
  const lengthMs = range.toMs - range.fromMs
  if (lengthMs <= briefRangeMs && range.fromMs > Date.now() - surelyKeptMs) return undefined
  const able = rollups.filter(
    (rollup) =>
      [...columns].every((column) => rollup.dimensions.includes(column)) &&
      (bucketSeconds === undefined || bucketSeconds % rollup.bucketSeconds === 0) &&
      wholeBuckets(range, rollup).toMs > wholeBuckets(range, rollup).fromMs,
  )
  const wide = lengthMs > shortRangeMs
  // Longer buckets leave more events at the ends of the range to be counted one by one: only where there is no other.
  const cost = ({ bucketSeconds: width }: Rollup) => (wide && width < hourSeconds ? hourSeconds + 1 : width)
  return able.toSorted((a, b) => cost(a) - cost(b))[0]
}

function wholeBuckets(range: TimeRange, { bucketSeconds }: Rollup): TimeRange {
  const bucketMs = bucketSeconds * 1000
  return {
    fromMs: Math.ceil(range.fromMs / bucketMs) * bucketMs,
    toMs: Math.floor(range.toMs / bucketMs) * bucketMs,
  }
}

interface Build {
  readonly request: CountRequest
  readonly conditions: readonly string[]
}

interface Part {
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
}

function rollupPart({ request, conditions }: Build, whole: TimeRange, rollup: Rollup): Part {
  const prefix = request.prefix ?? ''
  const from = `${prefix}whole_from`
  const to = `${prefix}whole_to`
  return {
    sql: `SELECT ${bucketStart('toInt64(toUnixTimestamp(bucket))', request)} AS at, ${keyText(request.dimension)} AS key, ${keyText(request.per)} AS per, sum(events) AS n${seen(request, 'toInt64(toUnixTimestamp(bucket)) * 1000')}
      FROM ${rollup.table}
      WHERE ${[`rollup_name = '${rollup.name}'`, `bucket >= toDateTime({${from}:UInt32}, 'UTC')`, `bucket < toDateTime({${to}:UInt32}, 'UTC')`, ...conditions].join(' AND ')}
      GROUP BY at, key, per`,
    params: { [from]: whole.fromMs / 1000, [to]: whole.toMs / 1000 },
  }
}

function rawPart({ request, conditions }: Build, range: TimeRange, edge: string): Part {
  const bounds = rangeConditions(range, `${request.prefix ?? ''}${edge}_`)
  const seconds = 'intDiv(toUnixTimestamp64Milli(created_at), 1000)'
  return {
    sql: `SELECT ${bucketStart(seconds, request)} AS at, ${keyText(request.dimension)} AS key, ${keyText(request.per)} AS per, toInt64(count()) AS n${seen(request, 'toUnixTimestamp64Milli(created_at)')}
      FROM ops_upstream_error_events WHERE ${[...bounds.sql, ...conditions].join(' AND ')} GROUP BY at, key, per`,
    params: bounds.params,
  }
}

function seen(request: CountRequest, ms: string): string {
  return request.seen ? `, min(${ms}) AS first_ms, max(${ms}) AS last_ms` : ''
}

function bucketStart(seconds: string, { bucketSeconds }: CountRequest): string {
  return bucketSeconds === undefined
    ? 'toInt64(0)'
    : `intDiv(${seconds}, ${bucketSeconds}) * ${bucketSeconds}`
}

/** A column as the text of a key. */
export function keyText(dimension: string | undefined): string {
  if (dimension === undefined) return `''`
  return dimension === 'fingerprint' ? fingerprintText : `toString(${dimension})`
}
