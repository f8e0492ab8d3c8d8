import type { EventOrigin } from './event-origin.ts'
import type { HeadersColumn } from './headers.ts'
import type { Text } from './utf8-text.ts'

export const errorPhases = ['request', 'auth', 'routing', 'upstream', 'response', 'internal'] as const

/**
 * The final error record of one gateway request: the row of `ops_error_logs`, in the names of OpsErrorLog and
 * OpsErrorLogDetail. Text is '' and `null` is a number that is not known. Times are Unix ms, durations ms, sizes bytes.
 */
export interface RequestErrorEvent extends EventOrigin {
  /** Which part of the gateway failed: one of `errorPhases`, or what the gateway says. */
  phase: string
  type: string
  /** P1 (the service fails) to P3 (the client's own fault). */
  severity: string
  /** What the client got; 0 = nothing. */
  status_code: number
  platform: string
  model: Text
  stream: boolean
  latency_ms: number | null
  user_id: Text
  api_key_id: Text
  account_id: Text
  group_id: Text
  client_ip: Text
  request_path: Text
  user_agent: Text
  message: Text
  error_body: Text
  error_body_bytes: number
  upstream_status_code: number | null
  upstream_error_message: Text
  upstream_error_detail: Text
  auth_latency_ms: number | null
  routing_latency_ms: number | null
  upstream_latency_ms: number | null
  response_latency_ms: number | null
  time_to_first_token_ms: number | null
  request_body: Text
  request_body_truncated: boolean
  request_body_bytes: number | null
  request_headers: HeadersColumn
  /** The client reached a limit of its contract, which is no fault of the service. */
  is_business_limited: boolean
  attributes: ReadonlyMap<string, Text>
}
