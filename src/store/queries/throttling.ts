import type { RunQuery } from '../query.ts'
import type { TimeRange } from '../time-range.ts'
import { type Filter, filterConditions } from './filters.ts'
import { automaticBucketSeconds } from './histogram.ts'
import { rangeConditions } from './range-conditions.ts'

export interface ThrottlingRequest {
  readonly range: TimeRange
  readonly filters: readonly Filter[]
  /** How many accounts. */
  readonly limit: number
}

/** Upper bounds of the distribution, ms; the last bucket has none. */
export const retryAfterBoundsMs = [1000, 5000, 10_000, 30_000, 60_000, 300_000, 3_600_000] as const

/** Of the events with a retry-after. */
export interface RetryAfter {
  readonly events: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Events by `retryAfterBoundsMs`, each bound inclusive. */
  readonly distribution: readonly number[]
}

export interface ThrottledAccount {
  readonly accountId: string
  readonly accountName: string
  /** Of its newest event. */
  readonly platform: string
  readonly errors: number
  readonly rateLimited: number
  /**
   * Time of the range in which the provider had asked to wait: the union of [created_at, created_at + retry_after).
   */
  readonly throttledMs: number
  /** Until when the provider asked to wait at the longest; 0 = it did not. */
  readonly throttledUntilMs: number
  readonly retryAfter: RetryAfter
  readonly lastSeenMs: number
  /** Errors of each bucket of the range. */
  readonly perBucket: readonly number[]
}

export interface Throttling {
  readonly bucketSeconds: number
  readonly firstBucketMs: number
  /** Of all accounts together. */
  readonly retryAfter: RetryAfter
  readonly accounts: readonly ThrottledAccount[]
}

interface ThrottlingRow {
  readonly account: string
  readonly account_label: string
  readonly platform_label: string
  readonly errors: number
  readonly rate_limited: number
  readonly throttled: number
  readonly throttled_until: number
  readonly waits: number
  readonly quantiles: readonly (number | null)[]
  readonly longest: number
  readonly distribution: readonly number[]
  readonly last_seen: number
  readonly line: readonly [at: readonly number[], counts: readonly number[]]
}

const minuteSeconds = 60

/** How long providers asked to wait, in all and by account, those that were throttled longest first. */
export async function throttling(run: RunQuery, request: ThrottlingRequest): Promise<Throttling> {
  const { range, filters, limit } = request
  const bucketSeconds = automaticBucketSeconds(range, 120, minuteSeconds)
  const bounds = rangeConditions(range)
  const { sql, params } = filterConditions(filters)
  const createdMs = 'toUnixTimestamp64Milli(created_at)'
  const bucket = `intDiv(${createdMs}, ${bucketSeconds * 1000}) * ${bucketSeconds}`
  const { rows } = await run<ThrottlingRow>({
    sql: `SELECT account_id AS account, argMax(account_name, created_at) AS account_label,
        argMax(platform, created_at) AS platform_label, count() AS errors,
        countIf(category = 'rate_limited') AS rate_limited,
        intervalLengthSumIf(${createdMs}, least(${createdMs} + toInt64(retry_after_ms), {to_ms:Int64}), retry_after_ms > 0) AS throttled,
        maxIf(${createdMs} + toInt64(retry_after_ms), retry_after_ms > 0) AS throttled_until,
        countIf(retry_after_ms > 0) AS waits,
        quantilesExactIf(0.5, 0.9, 0.99)(retry_after_ms, retry_after_ms > 0) AS quantiles,
        max(retry_after_ms) AS longest,
        [${distributionSql}] AS distribution,
        max(${createdMs}) AS last_seen,
        sumMap([${bucket}], [toUInt64(1)]) AS line
      FROM ops_upstream_error_events WHERE ${[...bounds.sql, ...sql].join(' AND ')}
      GROUP BY GROUPING SETS ((account_id), ())
      ORDER BY grouping(account_id) DESC, throttled DESC, errors DESC, account LIMIT {account_limit:UInt32}`,
    params: { ...bounds.params, ...params, account_limit: limit + 1 },
    class: 'analysis',
  })
  const firstBucketMs = Math.floor(range.fromMs / 1000 / bucketSeconds) * bucketSeconds * 1000
  const bucketTotal = Math.ceil((range.toMs - firstBucketMs) / 1000 / bucketSeconds)
  const [all, ...accounts] = rows
  return {
    bucketSeconds,
    firstBucketMs,
    retryAfter: retryAfterOf(all),
    accounts: accounts.map((row) => {
      const perBucket = Array.from({ length: bucketTotal }, () => 0)
      for (const [index, at] of row.line[0].entries())
        perBucket[(at * 1000 - firstBucketMs) / 1000 / bucketSeconds] = row.line[1][index] ?? 0
      return {
        accountId: row.account,
        accountName: row.account_label,
        platform: row.platform_label,
        errors: row.errors,
        rateLimited: row.rate_limited,
        throttledMs: row.throttled,
        throttledUntilMs: row.throttled_until,
        retryAfter: retryAfterOf(row),
        lastSeenMs: row.last_seen,
        perBucket,
      }
    }),
  }
}

const distributionSql = [...retryAfterBoundsMs, undefined]
  .map((bound, index) => {
    const lower = retryAfterBoundsMs[index - 1] ?? 0
    return `countIf(retry_after_ms > ${lower}${bound === undefined ? '' : ` AND retry_after_ms <= ${bound}`})`
  })
  .join(', ')

function retryAfterOf(row: ThrottlingRow | undefined): RetryAfter {
  const [p50, p90, p99] = row?.quantiles ?? []
  return {
    events: row?.waits ?? 0,
    p50Ms: p50 ?? 0,
    p90Ms: p90 ?? 0,
    p99Ms: p99 ?? 0,
    maxMs: row?.longest ?? 0,
    distribution: row?.distribution ?? [...retryAfterBoundsMs, 0].map(() => 0),
  }
}
