import type { EventOrigin } from './event-origin.ts'

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
  model: string
  upstream_model: string
  operation: string
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
  upstream_request_id: string
  upstream_host: string
  upstream_path: string
  /** From 0. */
  attempt: number
  account_id: string
  account_name: string
  group_id: string
  user_id: string
  api_key_id: string
  client_ip: string
  request_path: string
  user_agent: string
  latency_ms: number
  time_to_first_token_ms: number
  /** JSON object text, or ''. */
  request_headers: string
  response_headers: string
  request_body: string
  request_body_bytes: number
  response_body: string
  response_body_bytes: number
  attributes: ReadonlyMap<string, string>
}
