import type { ComponentChildren } from 'preact'
import type { ListedEvent } from '../api/types.ts'
import { statusClassOf, statusText } from '../format/status.ts'
import { duration, eventTime } from '../format/time.ts'

export interface Column {
  /** A column of the event, under the API's name. */
  readonly name: string
  readonly title: string
  /** A track of a CSS grid. */
  readonly width: string
  readonly show: (event: ListedEvent) => ComponentChildren
}

const text = (name: keyof ListedEvent, title: string, width: string): Column => ({
  name,
  title,
  width,
  show: (event) => (event[name] === null || event[name] === undefined ? '' : String(event[name])),
})

const time = (name: 'created_at' | 'ingested_at', title: string): Column => ({
  name,
  title,
  width: '104px',
  show: (event) => eventTime(new Date(event[name] ?? event.created_at), Date.now()),
})

const ms = (name: 'retry_after_ms' | 'latency_ms' | 'time_to_first_token_ms', title: string): Column => ({
  name,
  title,
  width: '84px',
  show: (event) => (event[name] ? duration(event[name]) : ''),
})

export function StatusBadge({ status }: { status: number | null | undefined }) {
  return (
    <span class={`status status-${statusClassOf(status ?? 0).replace('_', '-')}`}>{statusText(status)}</span>
  )
}

/** Every column that the table can show, in the order of the table. */
export const allColumns: readonly Column[] = [
  time('created_at', 'Time'),
  {
    name: 'status_code',
    title: 'Status',
    width: '84px',
    show: (event) => <StatusBadge status={event.status_code} />,
  },
  text('platform', 'Platform', '104px'),
  text('model', 'Model', '144px'),
  {
    name: 'account_id',
    title: 'Account',
    width: '96px',
    show: (event) => event.account_id ?? '',
  },
  text('account_name', 'Account name', '128px'),
  text('category', 'Category', '128px'),
  text('error_message', 'Message', 'minmax(240px, 1fr)'),
  ms('retry_after_ms', 'Retry after'),
  ms('latency_ms', 'Latency'),
  text('attempt', 'Attempt', '64px'),
  text('error_type', 'Type', '136px'),
  text('error_code', 'Code', '136px'),
  text('kind', 'Kind', '112px'),
  text('upstream_model', 'Upstream model', '144px'),
  text('operation', 'Operation', '88px'),
  text('stream', 'Stream', '64px'),
  text('retryable', 'Retryable', '80px'),
  text('service_name', 'Service', '128px'),
  text('environment', 'Environment', '104px'),
  text('request_id', 'Request', '160px'),
  text('client_request_id', 'Client request', '160px'),
  text('upstream_request_id', 'Upstream request', '160px'),
  text('trace_id', 'Trace', '250px'),
  text('group_id', 'Group', '88px'),
  text('user_id', 'User', '96px'),
  text('api_key_id', 'API key', '96px'),
  text('client_ip', 'Client IP', '120px'),
  text('upstream_host', 'Upstream host', '160px'),
  text('upstream_path', 'Upstream path', '176px'),
  text('request_path', 'Request path', '176px'),
  text('user_agent', 'User agent', '160px'),
  ms('time_to_first_token_ms', 'First token'),
  text('fingerprint', 'Fingerprint', '136px'),
  time('ingested_at', 'Received'),
]

export const usualColumns: readonly string[] = [
  'created_at',
  'status_code',
  'platform',
  'model',
  'account_id',
  'category',
  'error_message',
  'retry_after_ms',
]

/** The columns of a choice in the order of the table. */
export function chosenColumns(names: readonly string[] | undefined): readonly Column[] {
  const chosen = new Set(names ?? usualColumns)
  const columns = allColumns.filter((column) => chosen.has(column.name))
  return columns.length > 0 ? columns : chosenColumns(undefined)
}
