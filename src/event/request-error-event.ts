import type { EventOrigin } from './event-origin.ts'

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
  model: string
  stream: boolean
  latency_ms: number | null
  user_id: string
  api_key_id: string
  account_id: string
  group_id: string
  client_ip: string
  request_path: string
  user_agent: string
  message: string
  error_body: string
  error_body_bytes: number
  upstream_status_code: number | null
  upstream_error_message: string
  upstream_error_detail: string
  auth_latency_ms: number | null
  routing_latency_ms: number | null
  upstream_latency_ms: number | null
  response_latency_ms: number | null
  time_to_first_token_ms: number | null
  request_body: string
  request_body_truncated: boolean
  request_body_bytes: number | null
  /** JSON object text, or ''. */
  request_headers: string
  /** The client reached a limit of its contract, which is no fault of the service. */
  is_business_limited: boolean
  attributes: ReadonlyMap<string, string>
}
