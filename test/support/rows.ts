import { hash } from 'node:crypto'
import { uuidText } from '../../src/event/row-binary.ts'
import {
  createRowEncoder,
  type EncodedRow,
  eventIdOf,
  upstreamErrorColumns,
  upstreamErrorTable,
} from '../../src/event/tables.ts'
import type { UpstreamErrorEvent } from '../../src/event/upstream-error-event.ts'
import type { Text } from '../../src/event/utf8-text.ts'

/** An event whose texts are strings. */
export type StringEvent = {
  [Column in keyof UpstreamErrorEvent]: Column extends 'attributes'
    ? ReadonlyMap<string, string>
    : Text extends UpstreamErrorEvent[Column]
      ? string
      : UpstreamErrorEvent[Column]
}

const encode = createRowEncoder<UpstreamErrorEvent>(upstreamErrorTable, upstreamErrorColumns)
const names = new Map<string, string>()

/** The event of a name: the same name has the same id. */
export function event(
  name: string,
  createdAtMs = Date.now(),
  fields: Partial<StringEvent> = {},
): StringEvent {
  const id = uuidText(Buffer.from(hash('sha256', name, 'hex').slice(0, 32), 'hex'))
  names.set(id, name)
  return {
    event_id: id,
    created_at: createdAtMs,
    ingested_at: createdAtMs,
    request_id: name,
    client_request_id: '',
    trace_id: '',
    span_id: '',
    service_name: 'test',
    service_namespace: '',
    service_instance_id: '',
    environment: '',
    platform: 'openai',
    model: 'gpt-5',
    upstream_model: '',
    operation: '',
    stream: false,
    kind: 'http_error',
    category: 'rate_limited',
    status_code: 429,
    error_type: '',
    error_code: '',
    error_message: 'Rate limit reached',
    fingerprint: 1n,
    retryable: true,
    retry_after_ms: 0,
    upstream_request_id: '',
    upstream_host: '',
    upstream_path: '',
    attempt: 0,
    account_id: '1',
    account_name: '',
    group_id: '',
    user_id: '',
    api_key_id: '',
    client_ip: '',
    request_path: '',
    user_agent: '',
    latency_ms: 0,
    time_to_first_token_ms: 0,
    request_headers: '',
    response_headers: '',
    request_body: '',
    request_body_bytes: 0,
    response_body: '',
    response_body_bytes: 0,
    attributes: new Map(),
    ...fields,
  }
}

export function row(name: string, createdAtMs = Date.now(), fields: Partial<StringEvent> = {}): EncodedRow {
  return encode(event(name, createdAtMs, fields), 'traces')
}

/** The name that a row was made from. */
export function idOf(item: EncodedRow): string | undefined {
  return names.get(uuidText(eventIdOf(item)))
}
