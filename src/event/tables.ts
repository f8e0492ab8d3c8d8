import type { EventOrigin } from './event-origin.ts'
import { createPropertyWalk } from './property-walk.ts'
import type { RequestErrorEvent } from './request-error-event.ts'
import { type ColumnType, createRowWriter } from './row-binary.ts'
import type { Signal } from './selected-event.ts'
import type { UpstreamErrorEvent } from './upstream-error-event.ts'

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

/**
 * A table that rows are delivered to. `columns` are those that a row's bytes hold, in order; `batch_id`, which is
 * known only when a batch is frozen, follows them as the last 16 bytes.
 * `layout` numbers this order: a journal can hold rows that an earlier version of the program encoded, and those
 * are inserted with the columns of their own layout. A changed list needs a new number, and the old list stays.
 */
export interface Table {
  /** Tells tables apart in the journal; never reused. */
  readonly id: number
  readonly name: string
  readonly layout: number
  readonly layouts: ReadonlyMap<number, readonly Column[]>
  /** First moment (Unix ms) of the partition that holds `createdAtMs`. */
  partitionStart(createdAtMs: number): number
}

type ColumnOf<Row> = { readonly name: keyof Row & string; readonly type: ColumnType }

const originColumns: readonly ColumnOf<EventOrigin>[] = [
  { name: 'event_id', type: 'UUID' },
  { name: 'created_at', type: "DateTime64(3, 'UTC')" },
  { name: 'ingested_at', type: "DateTime64(3, 'UTC')" },
  { name: 'request_id', type: 'String' },
  { name: 'client_request_id', type: 'String' },
  { name: 'trace_id', type: 'String' },
  { name: 'span_id', type: 'String' },
  { name: 'service_name', type: 'LowCardinality(String)' },
  { name: 'service_namespace', type: 'LowCardinality(String)' },
  { name: 'service_instance_id', type: 'LowCardinality(String)' },
  { name: 'environment', type: 'LowCardinality(String)' },
]

/** The columns of `ops_upstream_error_events` in the order of its rows: the one list that everything derives from. */
export const upstreamErrorColumns: readonly ColumnOf<UpstreamErrorEvent>[] = [
  ...originColumns,
  { name: 'platform', type: 'LowCardinality(String)' },
  { name: 'model', type: 'LowCardinality(String)' },
  { name: 'upstream_model', type: 'LowCardinality(String)' },
  { name: 'operation', type: 'LowCardinality(String)' },
  { name: 'stream', type: 'Bool' },
  { name: 'kind', type: 'LowCardinality(String)' },
  { name: 'category', type: 'LowCardinality(String)' },
  { name: 'status_code', type: 'UInt16' },
  { name: 'error_type', type: 'LowCardinality(String)' },
  { name: 'error_code', type: 'LowCardinality(String)' },
  { name: 'error_message', type: 'String' },
  { name: 'fingerprint', type: 'UInt64' },
  { name: 'retryable', type: 'Bool' },
  { name: 'retry_after_ms', type: 'UInt32' },
  { name: 'upstream_request_id', type: 'String' },
  { name: 'upstream_host', type: 'LowCardinality(String)' },
  { name: 'upstream_path', type: 'String' },
  { name: 'attempt', type: 'UInt16' },
  { name: 'account_id', type: 'String' },
  { name: 'account_name', type: 'LowCardinality(String)' },
  { name: 'group_id', type: 'String' },
  { name: 'user_id', type: 'String' },
  { name: 'api_key_id', type: 'String' },
  { name: 'client_ip', type: 'String' },
  { name: 'request_path', type: 'String' },
  { name: 'user_agent', type: 'String' },
  { name: 'latency_ms', type: 'UInt32' },
  { name: 'time_to_first_token_ms', type: 'UInt32' },
  { name: 'request_headers', type: 'String' },
  { name: 'response_headers', type: 'String' },
  { name: 'request_body', type: 'String' },
  { name: 'request_body_bytes', type: 'UInt32' },
  { name: 'response_body', type: 'String' },
  { name: 'response_body_bytes', type: 'UInt32' },
  { name: 'attributes', type: 'Map(LowCardinality(String), String)' },
]

/** The columns of `ops_error_logs` in the order of its rows. */
export const requestErrorColumns: readonly ColumnOf<RequestErrorEvent>[] = [
  ...originColumns,
  { name: 'phase', type: 'LowCardinality(String)' },
  { name: 'type', type: 'LowCardinality(String)' },
  { name: 'severity', type: 'LowCardinality(String)' },
  { name: 'status_code', type: 'UInt16' },
  { name: 'platform', type: 'LowCardinality(String)' },
  { name: 'model', type: 'LowCardinality(String)' },
  { name: 'stream', type: 'Bool' },
  { name: 'latency_ms', type: 'Nullable(UInt32)' },
  { name: 'user_id', type: 'String' },
  { name: 'api_key_id', type: 'String' },
  { name: 'account_id', type: 'String' },
  { name: 'group_id', type: 'String' },
  { name: 'client_ip', type: 'String' },
  { name: 'request_path', type: 'String' },
  { name: 'user_agent', type: 'String' },
  { name: 'message', type: 'String' },
  { name: 'error_body', type: 'String' },
  { name: 'error_body_bytes', type: 'UInt32' },
  { name: 'upstream_status_code', type: 'Nullable(UInt32)' },
  { name: 'upstream_error_message', type: 'String' },
  { name: 'upstream_error_detail', type: 'String' },
  { name: 'auth_latency_ms', type: 'Nullable(UInt32)' },
  { name: 'routing_latency_ms', type: 'Nullable(UInt32)' },
  { name: 'upstream_latency_ms', type: 'Nullable(UInt32)' },
  { name: 'response_latency_ms', type: 'Nullable(UInt32)' },
  { name: 'time_to_first_token_ms', type: 'Nullable(UInt32)' },
  { name: 'request_body', type: 'String' },
  { name: 'request_body_truncated', type: 'Bool' },
  { name: 'request_body_bytes', type: 'Nullable(UInt32)' },
  { name: 'request_headers', type: 'String' },
  { name: 'is_business_limited', type: 'Bool' },
  { name: 'attributes', type: 'Map(LowCardinality(String), String)' },
]

const dayMs = 86_400_000
/** 1970-01-05 was the first Monday. */
const firstMondayMs = 4 * dayMs

/** Monday 00:00 UTC of the week that holds the moment, as ClickHouse's `toMonday` partitions it. */
function startOfWeek(createdAtMs: number): number {
  const weekMs = 7 * dayMs
  return Math.floor((createdAtMs - firstMondayMs) / weekMs) * weekMs + firstMondayMs
}

export const upstreamErrorTable: Table = {
  id: 1,
  name: 'ops_upstream_error_events',
  layout: 1,
  layouts: new Map([[1, upstreamErrorColumns]]),
  partitionStart: startOfWeek,
}

export const requestErrorTable: Table = {
  id: 2,
  name: 'ops_error_logs',
  layout: 1,
  layouts: new Map([[1, requestErrorColumns]]),
  partitionStart: startOfWeek,
}

/** Every table that rows are delivered to, by its id in the journal. */
export const tables: ReadonlyMap<number, Table> = new Map(
  [upstreamErrorTable, requestErrorTable].map((table) => [table.id, table]),
)

/** A row on its way to the store. */
export interface EncodedRow {
  readonly tableId: number
  readonly layout: number
  /** What it came in as, for the counters. */
  readonly signal: Signal
  readonly createdAtMs: number
  /** RowBinary of the layout's columns, without `batch_id`. The first is the event's id: see `eventIdOf`. */
  readonly bytes: Uint8Array
}

/** 16 bytes in RowBinary's order: `event_id` is the first column of every table. */
export function eventIdOf({ bytes }: Pick<EncodedRow, 'bytes'>): Uint8Array {
  return bytes.subarray(0, 16)
}

/** Makes the function that encodes rows of one table with that table's newest layout, into `writer`. */
export function createRowEncoder<Row extends { event_id: string; created_at: number }>(
  table: Table,
  columns: readonly ColumnOf<Row>[],
  writer = createRowWriter(),
): (row: Row, signal: Signal) => EncodedRow {
  const write = createPropertyWalk<Row>(
    columns.map(({ name }) => name),
    columns.map(({ type }) => writer.writerOf(type)),
  )
  return (row, signal) => {
    write(row)
    const bytes = writer.take()
    return {
      tableId: table.id,
      layout: table.layout,
      signal,
      createdAtMs: row.created_at,
      bytes,
    }
  }
}
