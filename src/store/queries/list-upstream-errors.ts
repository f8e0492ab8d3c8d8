import type { ListPosition } from '../cursor.ts'
import type { Query, RunQuery } from '../query.ts'
import type { QueryClass } from '../reader-pool.ts'
import type { TimeRange } from '../time-range.ts'
import { columnsFirst, type EventRow, readEvents, selectColumns } from './event-columns.ts'
import { idColumns } from './filter-columns.ts'
import { type Conditions, type Filter, filterConditions } from './filters.ts'
import { windowsOf } from './list-windows.ts'
import { rangeConditions } from './range-conditions.ts'

/** `attempt`: by number of the attempt, then by time; for the attempts of one request. */
export const listOrders = ['newest', 'oldest', 'attempt'] as const
export type ListOrder = (typeof listOrders)[number]

export interface ListRequest {
  readonly range: TimeRange
  readonly filters: readonly Filter[]
  readonly order: ListOrder
  /** Columns of the answer; `event_id`, `created_at` and `attempt` are read in any case. */
  readonly columns: readonly string[]
  readonly limit: number
  readonly after: ListPosition | undefined
  readonly class?: QueryClass
}

/** What a query of one table without subqueries reads, it needs; to look for what it does not took a twentieth of it. */
const allIsNeeded = { query_plan_remove_unused_columns: 0 }
/** Settings under which an id is looked up once in its index, before anything is read. */
export const idLookup = { use_skip_indexes_on_data_read: 0, optimize_use_projections: 0, ...allIsNeeded }
/** The same for an `event_id`: the sorting key has it behind the time, and is searched mark by mark for nothing. */
export const eventIdLookup = { ...idLookup, use_primary_key: 0 }
/** The time alone places these; to weigh the projection by account as well took an eighth of the whole query. */
const byTimeAlone = { optimize_use_projections: 0, use_skip_indexes: 0, ...allIsNeeded }
/** For a piece that one thread reads at once: a second read for the other columns only adds to it. */
const readAtOnce = { ...byTimeAlone, query_plan_optimize_lazy_materialization: 0, max_threads: 1 }
/** The newest are asked for again and again: what was unpacked for the last one is kept for the next. */
const keepUnpacked = { use_uncompressed_cache: 1 }
/** The last hour by default: until and with now is a millisecond more. */
const briefMs = 3_600_001

/** Settings that let an ordered read stop early in every partition. */
const orderedRead = { read_in_order_use_virtual_row: 1, read_in_order_use_virtual_row_per_block: 1 }

const orderBy: Record<ListOrder, string> = {
  newest: 'created_at DESC, event_id DESC',
  oldest: 'created_at, event_id',
  attempt: 'attempt, created_at, event_id',
}

const afterMs = 'fromUnixTimestamp64Milli({after_ms:Int64})'
/**
 * The bound on `created_at` beside the keyset tuple is what prunes: the tuple alone reads everything before it. UUIDs
 * are compared in SQL only, as ClickHouse orders them by another half first than their text does.
 */
const afterConditions: Record<ListOrder, readonly string[]> = {
  newest: [`created_at <= ${afterMs}`, `(created_at, event_id) < (${afterMs}, {after_id:UUID})`],
  oldest: [`created_at >= ${afterMs}`, `(created_at, event_id) > (${afterMs}, {after_id:UUID})`],
  attempt: [`(attempt, created_at, event_id) > ({after_attempt:UInt16}, ${afterMs}, {after_id:UUID})`],
}

/** Events of a range in order, at most `limit`; `more` tells whether another page follows. */
export async function listUpstreamErrors(
  run: RunQuery,
  request: ListRequest,
): Promise<{ events: EventRow[]; more: boolean }> {
  const columns = new Set(['event_id', 'created_at', 'attempt', ...request.columns])
  const select = selectColumns([...columns])
  const limit = request.limit + 1
  // A filter that few events pass finds no full page in a short piece and would read it for nothing.
  const { range, order, after, filters } = request
  const windows = filters.length === 0 ? windowsOf(range, order, after) : [range]
  let rows: readonly EventRow[] = []
  for (const window of windows) {
    rows = await readEvents(run, listQuery({ ...request, range: window, limit }, select))
    if (rows.length === limit) break
  }
  return { events: rows.slice(0, request.limit), more: rows.length > request.limit }
}

/** The query of a list with its select list and further conditions. */
export function listQuery(
  request: ListRequest,
  select: string,
  further: Conditions = { sql: [], params: {} },
): Query {
  const ids = filterConditions(request.filters.filter(isId))
  const others = filterConditions(request.filters.filter((filter) => !isId(filter)))
  const range = rangeConditions(request.range)
  const conditions = [...ids.sql, ...range.sql, ...others.sql, ...further.sql]
  const bound: Record<string, unknown> = {
    ...ids.params,
    ...range.params,
    ...others.params,
    ...further.params,
    limit: request.limit,
  }
  if (request.after) {
    conditions.push(...afterConditions[request.order])
    bound.after_ms = request.after.createdAtMs
    bound.after_id = request.after.eventId
    if (request.order === 'attempt') bound.after_attempt = request.after.attempt
  }
  return {
    sql: `SELECT ${select} FROM ops_upstream_error_events
      ${clauseFor(request)} ${conditions.join(' AND ')}
      ORDER BY ${orderBy[request.order]} LIMIT {limit:UInt32}`,
    params: bound,
    class: request.class ?? 'list',
    settings: { ...orderedRead, ...columnsFirst, ...settingsFor(request) },
  }
}

function isId({ column }: Filter): boolean {
  return idColumns.includes(column)
}

/**
 * Where the order of the conditions is known to be best, PREWHERE says so: the engine has less to plan. It reads the columns
 * of the first condition first.
 */
function clauseFor({ filters }: ListRequest): 'PREWHERE' | 'WHERE' {
  return filters.length === 0 || filters.some(isId) ? 'PREWHERE' : 'WHERE'
}

function settingsFor({ range, filters, class: queryClass }: ListRequest): NonNullable<Query['settings']> {
  if (filters.some(isId)) return idLookup
  if (filters.length > 0) return {}
  if (range.toMs - range.fromMs > briefMs) return byTimeAlone
  return queryClass === 'point' ? { ...readAtOnce, ...keepUnpacked } : readAtOnce
}
