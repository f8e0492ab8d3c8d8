/** How the values of a filter are chosen: from what occurs, by typing, or from a range. */
export type FilterKind = 'choice' | 'identifier' | 'number'

/** The filters of the API (see docs/queries.md), those that people reach for first. */
export const filterKinds: Readonly<Record<string, FilterKind>> = {
  platform: 'choice',
  model: 'choice',
  account_id: 'choice',
  status_code: 'choice',
  category: 'choice',
  kind: 'choice',
  error_type: 'choice',
  error_code: 'choice',
  account_name: 'choice',
  service_name: 'choice',
  environment: 'choice',
  request_id: 'identifier',
  client_request_id: 'identifier',
  trace_id: 'identifier',
  upstream_request_id: 'identifier',
  fingerprint: 'choice',
  latency_ms: 'number',
  retry_after_ms: 'number',
  attempt: 'choice',
  stream: 'choice',
  retryable: 'choice',
  group_id: 'choice',
  user_id: 'choice',
  api_key_id: 'choice',
  operation: 'choice',
  upstream_model: 'choice',
  upstream_host: 'choice',
  upstream_path: 'choice',
  request_path: 'choice',
  client_ip: 'choice',
  user_agent: 'choice',
  service_namespace: 'choice',
  service_instance_id: 'choice',
  span_id: 'identifier',
  time_to_first_token_ms: 'number',
  request_body_bytes: 'number',
  response_body_bytes: 'number',
}

/** Words that people type for them. */
export const filterAliases: Readonly<Record<string, string>> = {
  status: 'status_code',
  account: 'account_id',
  type: 'error_type',
  code: 'error_code',
  service: 'service_name',
  env: 'environment',
  request: 'request_id',
  trace: 'trace_id',
  latency: 'latency_ms',
  user: 'user_id',
  key: 'api_key_id',
  host: 'upstream_host',
  ip: 'client_ip',
}

export const isFilterName = (name: string): boolean => name === 'q' || Object.hasOwn(filterKinds, name)
