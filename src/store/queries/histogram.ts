import type { RunQuery } from '../query.ts'
import type { TimeRange } from '../time-range.ts'
import { type CountOrigin, countSource } from './count-source.ts'
import type { Filter } from './filters.ts'

export const histogramDimensions = [
  'platform',
  'status_code',
  'category',
  'kind',
  'model',
  'account_id',
] as const
export type HistogramDimension = (typeof histogramDimensions)[number]

export interface HistogramRequest {
  readonly range: TimeRange
  readonly filters: readonly Filter[]
  readonly bucketSeconds: number
  readonly by: HistogramDimension | undefined
  /** How many keys have counts of their own; the rest of each bucket is `other`. */
  readonly maxKeys: number
}

export interface HistogramBucket {
  readonly startMs: number
  readonly total: number
  readonly counts: Readonly<Record<string, number>>
  readonly other: number
}

export interface Histogram {
  readonly source: CountOrigin
  /** The keys with most events first. */
  readonly keys: readonly string[]
  readonly buckets: readonly HistogramBucket[]
}

const daySeconds = 86_400
export const maxBuckets = 5000
const targetBuckets = 120
const ladderSeconds = [
  1,
  5,
  10,
  15,
  30,
  60,
  300,
  600,
  900,
  1800,
  3600,
  7200,
  10_800,
  21_600,
  43_200,
  daySeconds,
]

/** The smallest width that divides a range into about `target` buckets or fewer; a day at most. */
export function automaticBucketSeconds(range: TimeRange, target = targetBuckets, minSeconds = 1): number {
  const rangeSeconds = (range.toMs - range.fromMs) / 1000
  const fitting = ladderSeconds.find(
    (seconds) => seconds >= minSeconds && Math.floor(rangeSeconds / seconds) <= target,
  )
  return fitting ?? daySeconds
}

/** Buckets start at multiples of their width since 1970, so the first one can start before the range. */
export function bucketCount(range: TimeRange, bucketSeconds: number): number {
  const bucketMs = bucketSeconds * 1000
  return Math.ceil(range.toMs / bucketMs) - Math.floor(range.fromMs / bucketMs)
}

/** Few values each, so that all of them are less work to fetch than to rank in the store. */
const narrowDimensions: ReadonlySet<string> = new Set(['platform', 'status_code', 'category', 'kind'])
/** Beyond this, the store adds up what has no counts of its own. */
const maxRows = 20_000

/** Counts of a range by time, with a bucket for every moment of it, also where nothing happened. */
export async function histogram(run: RunQuery, request: HistogramRequest): Promise<Histogram> {
  const { range, filters, bucketSeconds, by, maxKeys } = request
  const source = countSource(run, { range, filters, bucketSeconds, dimension: by })
  const ask = async (sql: string) =>
    (await run<CountRow>({ sql, params: { ...source.params, max_keys: maxKeys }, class: 'analysis' })).rows
  const filled = (rows: readonly CountRow[]) => ({
    source: source.origin,
    ...fillBuckets(rows, range, bucketSeconds, by !== undefined),
  })
  if (by !== undefined && !narrowDimensions.has(by)) return filled(await ask(splitSql(source.sql)))
  const rows = await ask(plainSql(source.sql))
  return filled(rows.length > maxRows ? await ask(splitSql(source.sql)) : keepKeys(rows, maxKeys))
}

interface CountRow {
  readonly at: number
  readonly key: string
  readonly is_other: number
  readonly count: number
}

function plainSql(source: string): string {
  return `SELECT at, key, 0 AS is_other, sum(n) AS count FROM (${source}) GROUP BY at, key HAVING count != 0
    LIMIT ${maxRows + 1}`
}

/** As `splitSql` ranks them. */
function keepKeys(rows: readonly CountRow[], maxKeys: number): CountRow[] {
  const totals = new Map<string, number>()
  for (const row of rows) totals.set(row.key, (totals.get(row.key) ?? 0) + row.count)
  const kept = new Set(ranked(totals).slice(0, maxKeys))
  return rows.map((row) => (kept.has(row.key) ? row : { ...row, is_other: 1 }))
}

function ranked(totals: ReadonlyMap<string, number>): string[] {
  return [...totals].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([key]) => key)
}

/** Keys past the first ones are one row of each bucket, so that the answer stays small whatever is split by. */
function splitSql(source: string): string {
  return `SELECT at, if(rank > {max_keys:UInt32}, '', name) AS key, rank > {max_keys:UInt32} AS is_other, sum(n) AS count
    FROM (
      SELECT at, name, n, dense_rank() OVER (ORDER BY total DESC, name) AS rank
      FROM (
        SELECT at, name, n, sum(n) OVER (PARTITION BY name) AS total
        FROM (SELECT at, key AS name, sum(n) AS n FROM (${source}) GROUP BY at, name)
      )
    )
    GROUP BY at, key, is_other HAVING count != 0`
}

function fillBuckets(
  rows: readonly CountRow[],
  range: TimeRange,
  bucketSeconds: number,
  split: boolean,
): Pick<Histogram, 'keys' | 'buckets'> {
  const ofBucket = Map.groupBy(rows, (row) => row.at)
  const firstSeconds = Math.floor(range.fromMs / 1000 / bucketSeconds) * bucketSeconds
  const buckets: HistogramBucket[] = []
  const totals = new Map<string, number>()
  for (let at = firstSeconds; at * 1000 < range.toMs; at += bucketSeconds) {
    const counts: Record<string, number> = Object.create(null)
    let total = 0
    let other = 0
    for (const row of ofBucket.get(at) ?? []) {
      total += row.count
      if (row.is_other) other += row.count
      else if (split) {
        counts[row.key] = row.count
        totals.set(row.key, (totals.get(row.key) ?? 0) + row.count)
      }
    }
    buckets.push({ startMs: at * 1000, total, counts, other })
  }
  return { keys: ranked(totals), buckets }
}
