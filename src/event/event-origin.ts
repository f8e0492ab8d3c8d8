import type { Text } from './utf8-text.ts'

/** What every row begins with: which event it is, and where it comes from. Text is '' where nothing is known. */
export interface EventOrigin {
  /** UUID text, lowercase. */
  event_id: string
  /** Unix ms. */
  created_at: number
  /** Unix ms. */
  ingested_at: number
  request_id: Text
  client_request_id: Text
  trace_id: string
  span_id: string
  service_name: Text
  service_namespace: Text
  service_instance_id: Text
  environment: Text
}
