import type { ClickHouseClient } from '@clickhouse/client'

/**
 * `otel_traces` with the types, codecs, key and indexes of the collector's ClickHouse exporter
 * (open-telemetry/opentelemetry-collector-contrib, exporter/clickhouseexporter), holding one span with one event for
 * each upstream error before `toMs`.
 */
export async function fillOtelTraces(client: ClickHouseClient, toMs: number): Promise<void> {
  const ours = `ops_upstream_error_events WHERE created_at < fromUnixTimestamp64Milli(${toMs})`
  if (await isFilled(client, ours)) return
  const zstd = 'CODEC(ZSTD(1))'
  const attributes = 'Map(LowCardinality(String), String)'
  const text = (name: string) => `${name} String ${zstd}`
  const word = (name: string) => `${name} LowCardinality(String) ${zstd}`
  const bloom = (name: string, of: string, rate = 0.01) =>
    `INDEX ${name} ${of} TYPE bloom_filter(${rate}) GRANULARITY 1`
  const columns = [
    'Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1))',
    ...['TraceId', 'SpanId', 'ParentSpanId', 'TraceState'].map(text),
    ...['SpanName', 'SpanKind', 'ServiceName'].map(word),
    `ResourceAttributes ${attributes} ${zstd}`,
    ...['ScopeName', 'ScopeVersion'].map(text),
    `SpanAttributes ${attributes} ${zstd}`,
    'Duration UInt64 CODEC(T64, ZSTD(1))',
    word('StatusCode'),
    text('StatusMessage'),
    `Events Nested (Timestamp DateTime64(9), Name LowCardinality(String), Attributes ${attributes}) ${zstd}`,
    `Links Nested (TraceId String, SpanId String, TraceState String, Attributes ${attributes}) ${zstd}`,
    bloom('idx_trace_id', 'TraceId', 0.001),
    ...['Resource', 'Span'].flatMap((of) => [
      bloom(`idx_${of}_key`, `mapKeys(${of}Attributes)`),
      bloom(`idx_${of}_value`, `mapValues(${of}Attributes)`),
    ]),
    'INDEX idx_duration Duration TYPE minmax GRANULARITY 1',
    'INDEX idx_lower_span_name lower(SpanName) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8',
  ]
  for (const table of ['otel_traces_trace_id_ts_mv', 'otel_traces_trace_id_ts', 'otel_traces'])
    await client.command({ query: `DROP TABLE IF EXISTS ${table} SYNC` })
  await client.command({
    query: `CREATE TABLE otel_traces (${columns.join(', ')}) ENGINE = MergeTree PARTITION BY toDate(Timestamp)
      PRIMARY KEY (ServiceName, SpanName, toDateTime(Timestamp))
      ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp) SETTINGS index_granularity = 8192`,
  })
  // Beside the traces: when each begins and ends, kept by a view.
  await client.command({
    query: `CREATE TABLE otel_traces_trace_id_ts (TraceId String ${zstd}, Start DateTime CODEC(Delta, ZSTD(1)), End DateTime CODEC(Delta, ZSTD(1)),
      ${bloom('idx_trace_id', 'TraceId')}) ENGINE = MergeTree PARTITION BY toDate(Start) ORDER BY (TraceId, Start)`,
  })
  await client.command({
    query: `CREATE MATERIALIZED VIEW otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
      SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End FROM otel_traces WHERE TraceId != '' GROUP BY TraceId`,
  })
  const days = await client.query({
    query: `SELECT DISTINCT toString(toDate(created_at)) AS day FROM ${ours} ORDER BY day`,
    format: 'JSONEachRow',
  })
  for (const { day } of await days.json<{ day: string }>())
    await client.command({ query: fillDay(day, ours) })
}

async function isFilled(client: ClickHouseClient, ours: string): Promise<boolean> {
  const sql = `SELECT (SELECT count() FROM ${ours}) = (SELECT count() FROM otel_traces) AS same`
  try {
    const [row] = await (await client.query({ query: sql, format: 'JSONEachRow' })).json<{ same: number }>()
    return row?.same === 1
  } catch {
    // There is no such table yet.
    return false
  }
}

function fillDay(day: string, ours: string): string {
  const map = (entries: Readonly<Record<string, string>>) =>
    `map(${Object.entries(entries)
      .map(([key, value]) => `'${key}', ${value}`)
      .join(', ')})`
  const event = map({
    'gen_ai.provider.name': 'platform',
    'gen_ai.request.model': 'model',
    'http.response.status_code': 'toString(status_code)',
    'error.type': 'toString(error_type)',
    'exception.message': 'error_message',
    'ops.upstream.error.kind': 'toString(kind)',
    'ops.upstream.retry_after_ms': 'toString(retry_after_ms)',
    'ops.upstream.request.id': 'upstream_request_id',
    'ops.account.id': 'account_id',
    'ops.account.name': 'toString(account_name)',
    'ops.group.id': 'group_id',
    'user.id': 'user_id',
    'ops.api_key.id': 'api_key_id',
    'http.request.resend_count': 'toString(attempt)',
    'http.response.body.content': 'response_body',
    'http.response.headers': 'response_headers',
  })
  const span = map({
    'ops.request.id': 'request_id',
    'server.address': 'toString(upstream_host)',
    'url.path': 'upstream_path',
    'client.address': 'client_ip',
    'http.request.method': `'POST'`,
  })
  const resource = map({
    'service.name': 'toString(service_name)',
    'service.instance.id': 'toString(service_instance_id)',
    'deployment.environment.name': 'toString(environment)',
  })
  return `INSERT INTO otel_traces (Timestamp, TraceId, SpanId, SpanName, SpanKind, ServiceName, ResourceAttributes,
      ScopeName, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes)
    SELECT created_at, trace_id, span_id, 'POST', 'Client', service_name, ${resource}, 'ops-gateway', ${span},
      toUInt64(latency_ms) * 1000000, 'Error', error_message, [created_at], ['ops.upstream_error'], [${event}]
    FROM ${ours} AND created_at >= toDateTime64('${day} 00:00:00', 3, 'UTC') AND created_at < toDateTime64('${day} 00:00:00', 3, 'UTC') + INTERVAL 1 DAY
    SETTINGS async_insert = 0, max_threads = 2, max_insert_threads = 1`
}
