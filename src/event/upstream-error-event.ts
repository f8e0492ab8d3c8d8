import type { EventOrigin } from './event-origin.ts'
import type { HeadersColumn } from './headers.ts'
import type { Text } from './utf8-text.ts'

export const errorKinds = [
  'http_error',
  'request_error',
  'stream_error',
  'retry_exhausted',
  'failover',
] as const
export type ErrorKind = (typeof errorKinds)[number]

export const errorCategories = [
  'rate_limited',
  'quota_exhausted',
  'overloaded',
  'auth',
  'invalid_request',
  'content_blocked',
  'timeout',
  'network',
  'server_error',
  'stream_interrupted',
  'unknown',
] as const
export type ErrorCategory = (typeof errorCategories)[number]

/**
 * One failed attempt at an upstream provider: the row of `ops_upstream_error_events` in the names of its columns.
 * Text is '' and numbers are 0 where nothing is known. Times are Unix ms, durations ms, sizes bytes.
 */
export interface UpstreamErrorEvent extends EventOrigin {
  platform: string
  model: Text
  upstream_model: Text
  operation: Text
  stream: boolean
  kind: ErrorKind
  category: ErrorCategory
  /** 0 = no answer. */
  status_code: number
  error_type: string
  error_code: string
  error_message: string
  /** 64 bits. */
  fingerprint: bigint
  retryable: boolean
  /** 0 = none given. */
  retry_after_ms: number
  upstream_request_id: Text
  upstream_host: Text
  upstream_path: Text
  /** From 0. */
  attempt: number
  account_id: Text
  account_name: Text
  group_id: Text
  user_id: Text
  api_key_id: Text
  client_ip: Text
  request_path: Text
  user_agent: Text
  latency_ms: number
  time_to_first_token_ms: number
  request_headers: HeadersColumn
  response_headers: HeadersColumn
  request_body: Text
  request_body_bytes: number
  response_body: Text
  response_body_bytes: number
  attributes: ReadonlyMap<string, Text>
}
