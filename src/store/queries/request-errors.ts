import { derivedAttribute } from '../../event/selected-event.ts'
import type { RunQuery } from '../query.ts'
import type { TimeRange } from '../time-range.ts'
import type { EventRow } from './event-columns.ts'
import { eventIdLookup, idLookup } from './list-upstream-errors.ts'
import { rangeConditions } from './range-conditions.ts'

/** The fields of OpsErrorLog, and those that place a record: the row of a list. */
export const listedRequestErrorColumns = [
  'event_id',
  'created_at',
  'phase',
  'type',
  'severity',
  'status_code',
  'platform',
  'model',
  'latency_ms',
  'client_request_id',
  'request_id',
  'message',
  'user_id',
  'api_key_id',
  'account_id',
  'group_id',
  'client_ip',
  'request_path',
  'stream',
  'is_business_limited',
  'trace_id',
  'service_name',
] as const

/** OpsErrorLogFilter; what is undefined does not filter. */
export interface RequestErrorFilter {
  readonly platform?: string | undefined
  readonly group_id?: string | undefined
  readonly account_id?: string | undefined
  readonly status_codes?: readonly number[] | undefined
  readonly phase?: string | undefined
  /** Words that the message has, all of them, in any order and case. */
  readonly query?: string | undefined
}

export interface RequestErrorPage {
  readonly range: TimeRange
  readonly filter: RequestErrorFilter
  readonly limit: number
  /** Records before the page, or the place after which it begins. */
  readonly from: { readonly offset: number } | { readonly createdAtMs: number; readonly eventId: string }
}

const equal = { platform: 'String', group_id: 'String', account_id: 'String', phase: 'String' } as const

function conditionsOf(
  range: TimeRange,
  filter: RequestErrorFilter,
): { sql: string[]; params: Record<string, unknown> } {
  const bounds = rangeConditions(range)
  const sql = [...bounds.sql]
  const params: Record<string, unknown> = { ...bounds.params }
  for (const [column, type] of Object.entries(equal) as [keyof typeof equal, string][]) {
    if (filter[column] === undefined) continue
    sql.push(`${column} = {${column}:${type}}`)
    params[column] = filter[column]
  }
  if (filter.status_codes !== undefined && filter.status_codes.length > 0) {
    sql.push('status_code IN {status_codes:Array(UInt16)}')
    params.status_codes = filter.status_codes
  }
  const words = (filter.query ?? '').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  if (words.length > 0) {
    sql.push('hasAllTokens(lower(message), {words:Array(String)})')
    params.words = words
  }
  return { sql, params }
}

/** Records of a range, newest first; `more` tells whether others follow. */
export async function listRequestErrors(
  run: RunQuery,
  { range, filter, limit, from }: RequestErrorPage,
): Promise<{ records: EventRow[]; more: boolean }> {
  const { sql, params } = conditionsOf(range, filter)
  const bound: Record<string, unknown> = { ...params, limit: limit + 1, offset: 0 }
  if ('offset' in from) bound.offset = from.offset
  else {
    const afterMs = 'fromUnixTimestamp64Milli({after_ms:Int64})'
    // The bound on created_at is what prunes; the tuple alone reads everything before it.
    sql.push(`created_at <= ${afterMs}`, `(created_at, event_id) < (${afterMs}, {after_id:UUID})`)
    bound.after_ms = from.createdAtMs
    bound.after_id = from.eventId
  }
  const { rows } = await run<EventRow>({
    sql: `SELECT ${listedRequestErrorColumns.join(', ')} FROM ops_error_logs WHERE ${sql.join(' AND ')}
      ORDER BY created_at DESC, event_id DESC LIMIT {limit:UInt32} OFFSET {offset:UInt64}`,
    params: bound,
    class: 'list',
    settings: { read_in_order_use_virtual_row: 1, read_in_order_use_virtual_row_per_block: 1 },
  })
  return { records: rows.slice(0, limit), more: rows.length > limit }
}

/** How many records of a range pass the filter. */
export async function countRequestErrors(
  run: RunQuery,
  range: TimeRange,
  filter: RequestErrorFilter,
): Promise<number> {
  const { sql, params } = conditionsOf(range, filter)
  const { rows } = await run<{ total: number | string }>({
    sql: `SELECT count() AS total FROM ops_error_logs WHERE ${sql.join(' AND ')}`,
    params,
    class: 'list',
  })
  return Number(rows[0]?.total ?? 0)
}

/** All of the declared ones; naming each takes longer to plan. */
const detailColumns = '* EXCEPT (batch_id)'

/** The record of this id with headers and bodies, or undefined. */
export async function getRequestError(run: RunQuery, eventId: string): Promise<EventRow | undefined> {
  const { rows } = await run<EventRow>({
    sql: `SELECT ${detailColumns} FROM ops_error_logs PREWHERE event_id = {event_id:UUID} LIMIT 1`,
    params: { event_id: eventId },
    class: 'point',
    settings: eventIdLookup,
  })
  return rows[0]
}

/**
 * The record of a gateway request, or undefined: the gateway's own rather than a derived one, the newest where a request
 * id was used twice.
 */
export async function getRequestErrorOfRequest(
  run: RunQuery,
  requestId: string,
): Promise<EventRow | undefined> {
  const { rows } = await run<EventRow>({
    sql: `SELECT ${detailColumns} FROM ops_error_logs PREWHERE request_id = {request_id:String}
      ORDER BY mapContains(attributes, '${derivedAttribute}'), created_at DESC LIMIT 1`,
    params: { request_id: requestId },
    class: 'point',
    settings: idLookup,
  })
  return rows[0]
}
