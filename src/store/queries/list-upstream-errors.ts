import type { Cursor } from '../cursor.ts'
import type { RunQuery } from '../query.ts'
import type { TimeRange } from '../time-range.ts'
import { type EventRow, listSelect } from './event-columns.ts'
import { type Filters, filterConditions } from './filters.ts'

export interface ListRequest {
  readonly range: TimeRange
  readonly filters: Filters
  readonly limit: number
  readonly after: Cursor | undefined
}

/** Settings that let an ordered read stop early in every partition. */
const orderedRead = { read_in_order_use_virtual_row: 1, read_in_order_use_virtual_row_per_block: 1 }

/**
 * Events of a range, newest first, at most `limit`; `more` tells whether another page follows.
 * The bound on `created_at` beside the keyset tuple is what prunes: the tuple alone reads everything before it.
 */
export async function listUpstreamErrors(
  run: RunQuery,
  request: ListRequest,
  signal?: AbortSignal,
): Promise<{ events: EventRow[]; more: boolean }> {
  const { sql, params } = filterConditions(request.filters)
  const conditions = [
    'created_at >= fromUnixTimestamp64Milli({from_ms:Int64})',
    'created_at < fromUnixTimestamp64Milli({to_ms:Int64})',
    ...sql,
  ]
  const bound: Record<string, unknown> = {
    ...params,
    from_ms: request.range.fromMs,
    to_ms: request.range.toMs,
    limit: request.limit + 1,
  }
  if (request.after) {
    conditions.push(
      'created_at <= fromUnixTimestamp64Milli({after_ms:Int64})',
      '(created_at, event_id) < (fromUnixTimestamp64Milli({after_ms:Int64}), {after_id:UUID})',
    )
    bound.after_ms = request.after.createdAtMs
    bound.after_id = request.after.eventId
  }
  const { rows } = await run<EventRow>(
    {
      sql: `SELECT ${listSelect} FROM ops_upstream_error_events
        WHERE ${conditions.join(' AND ')}
        ORDER BY created_at DESC, event_id DESC LIMIT {limit:UInt32}`,
      params: bound,
      settings: orderedRead,
    },
    signal,
  )
  return { events: rows.slice(0, request.limit), more: rows.length > request.limit }
}
