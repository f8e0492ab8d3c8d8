/** What every row begins with: which event it is, and where it comes from. Text is '' where nothing is known. */
export interface EventOrigin {
  /** UUID text, lowercase. */
  event_id: string
  /** Unix ms. */
  created_at: number
  /** Unix ms. */
  ingested_at: number
  request_id: string
  client_request_id: string
  trace_id: string
  span_id: string
  service_name: string
  service_namespace: string
  service_instance_id: string
  environment: string
}
