-- Normalizes upstream errors as the sidecar does (docs/event-contract.md), as far as SQL goes; docs/otelcol.md lists
-- what differs. Each level below names what the next one needs.
CREATE MATERIALIZED VIEW IF NOT EXISTS otelcol_upstream_errors TO ops_upstream_error_events AS
WITH
    ['gen_ai.provider.name', 'gen_ai.system'] AS provider_names,
    ['exception', 'gen_ai.client.operation.exception'] AS exception_names,
    -- What has a column of its own; all else is kept in `attributes`.
    ['ops.request.id', 'ops.client_request.id', 'service.name', 'service.namespace', 'service.instance.id',
     'deployment.environment.name', 'deployment.environment', 'url.full', 'http.url', 'url.path', 'http.target',
     'server.address', 'net.peer.name', 'gen_ai.provider.name', 'gen_ai.system', 'gen_ai.request.model',
     'gen_ai.response.model', 'gen_ai.operation.name', 'gen_ai.request.stream', 'gen_ai.response.time_to_first_chunk',
     'http.response.status_code', 'http.status_code', 'http.request.resend_count', 'http.request.headers',
     'http.response.headers', 'http.request.body.content', 'http.request.body.size', 'http.response.body.content',
     'http.response.body.size', 'error.type', 'error.message', 'exception.type', 'exception.message',
     'ops.upstream.model', 'ops.upstream.error.kind', 'ops.upstream.error.code', 'ops.upstream.retry_after_ms',
     'ops.upstream.request.id', 'ops.latency.upstream_ms', 'ops.latency.time_to_first_token_ms', 'ops.account.id',
     'ops.account.name', 'ops.group.id', 'ops.api_key.id', 'ops.request.path', 'user.id', 'enduser.id',
     'client.address', 'user_agent.original'] AS column_attributes
SELECT
    toUUID(concat(substring(id_hash, 1, 8), '-', substring(id_hash, 9, 4), '-8', substring(id_hash, 14, 3), '-',
        substring('89ab89ab89ab89ab', position('0123456789abcdef', substring(id_hash, 17, 1)), 1),
        substring(id_hash, 18, 3), '-', substring(id_hash, 21, 12))) AS event_id,
    created_at,
    now64(3, 'UTC') AS ingested_at,
    a['ops.request.id'] AS request_id,
    a['ops.client_request.id'] AS client_request_id,
    trace_id,
    span_id,
    a['service.name'] AS service_name,
    a['service.namespace'] AS service_namespace,
    a['service.instance.id'] AS service_instance_id,
    if(a['deployment.environment.name'] != '', a['deployment.environment.name'], a['deployment.environment']) AS environment,
    platform,
    a['gen_ai.request.model'] AS model,
    if(a['ops.upstream.model'] != '', a['ops.upstream.model'], a['gen_ai.response.model']) AS upstream_model,
    a['gen_ai.operation.name'] AS operation,
    a['gen_ai.request.stream'] = 'true' AS stream,
    kind,
    category,
    status_code,
    error_type,
    error_code,
    error_message,
    -- Not the sidecar's fingerprint: ids and numbers are taken out, words that vary stay.
    reinterpretAsUInt64(reverse(substring(SHA256(arrayStringConcat(['otelcol', platform, category, toString(status_code),
        lower(error_type), lower(error_code),
        replaceRegexpAll(lower(error_message), '[0-9a-z_-]*[0-9][0-9a-z_.-]*', '#')], '\0')), 1, 8))) AS fingerprint,
    multiIf(response_header['x-should-retry'] = 'true', true, response_header['x-should-retry'] = 'false', false,
        category NOT IN ('quota_exhausted', 'auth', 'invalid_request', 'content_blocked', 'unknown')) AS retryable,
    toUInt32(arrayFirst(ms -> ms > 0 AND ms <= 2592000000, [
        ceil(toFloat64OrZero(a['ops.upstream.retry_after_ms'])),
        ceil(toFloat64OrZero(trim(response_header['retry-after-ms']))),
        ceil(toFloat64OrZero(trim(response_header['x-ms-retry-after-ms']))),
        if(match(response_header['retry-after'], '^\\s*\\d'),
            ceil(toFloat64OrZero(trim(response_header['retry-after'])) * 1000),
            toFloat64(ifNull(dateDiff('millisecond', created_at,
                parseDateTime64BestEffortOrNull(response_header['retry-after'], 3, 'UTC')), 0))),
        ceil(toFloat64OrZero(extract(response_body, '"retryDelay"\\s*:\\s*"([0-9.]+)s"')) * 1000),
        ceil(toFloat64OrZero(extract(error_message, '(?i)(?:try again|retry|retrying) (?:in|after) ([0-9.]+) ?s')) * 1000),
        0])) AS retry_after_ms,
    arrayFirst(id -> id != '', [a['ops.upstream.request.id'], trim(response_header['x-request-id']),
        trim(response_header['request-id']), trim(response_header['x-amzn-requestid']),
        trim(response_header['apim-request-id']), trim(response_header['x-ms-request-id']),
        trim(response_header['x-goog-request-id']), trim(response_header['xai-request-id']), trim(response_header['x-cloudaicompanion-trace-id']),
        trim(response_header['x-ds-trace-id']), trim(response_header['x-generation-id']), JSONExtractString(body_object, 'request_id'),
        extract(error_message, '(?i)request.?id:? ([\\w-]{8,64})'), '']) AS upstream_request_id,
    host AS upstream_host,
    if(url = '', if(span_kind = 'Server', '', url_path), path(url)) AS upstream_path,
    toUInt16OrZero(a['http.request.resend_count']) AS attempt,
    a['ops.account.id'] AS account_id,
    a['ops.account.name'] AS account_name,
    a['ops.group.id'] AS group_id,
    if(a['user.id'] != '', a['user.id'], a['enduser.id']) AS user_id,
    a['ops.api_key.id'] AS api_key_id,
    a['client.address'] AS client_ip,
    multiIf(a['ops.request.path'] != '', a['ops.request.path'], span_kind = 'Server', url_path, '') AS request_path,
    a['user_agent.original'] AS user_agent,
    toUInt32(multiIf(a['ops.latency.upstream_ms'] != '', round(toFloat64OrZero(a['ops.latency.upstream_ms'])),
        span_kind = 'Client', intDiv(duration, 1000000), 0)) AS latency_ms,
    toUInt32(round(if(a['ops.latency.time_to_first_token_ms'] != '',
        toFloat64OrZero(a['ops.latency.time_to_first_token_ms']),
        toFloat64OrZero(a['gen_ai.response.time_to_first_chunk']) * 1000))) AS time_to_first_token_ms,
    if(empty(request_header), '', replaceAll(toJSONString(request_header), '\\/', '/')) AS request_headers,
    if(empty(response_header), '', replaceAll(toJSONString(response_header), '\\/', '/')) AS response_headers,
    a['http.request.body.content'] AS request_body,
    if(a['http.request.body.size'] != '', toUInt32OrZero(a['http.request.body.size']), length(request_body)) AS request_body_bytes,
    response_body,
    if(a['http.response.body.size'] != '', toUInt32OrZero(a['http.response.body.size']), length(response_body)) AS response_body_bytes,
    mapFilter((name, value) -> NOT has(column_attributes, name) AND NOT startsWith(name, 'http.request.header.')
        AND NOT startsWith(name, 'http.response.header.')
        AND NOT (name = 'ops.upstream.stream_phase' AND (value != 'mid_stream' OR given_kind != '')) , a) AS attributes
FROM
(
    SELECT
        *,
        multiIf(
            match(error_code, 'PerDay|^QUOTA_EXHAUSTED$'), 'quota_exhausted',
            match(error_code, 'PerMinute'), 'rate_limited',
            match(error_code, 'CAPACITY_EXHAUSTED'), 'overloaded',
            match(error_names, 'insufficient_quota|billing|quota_exceeded|credit') OR match(lower(error_message),
                'exceeded your current quota|insufficient (balance|quota|credit)|credit balance|billing|run out of credits'),
                'quota_exhausted',
            match(error_names, 'content_filter|content_policy|safety|responsibleai|moderation'), 'content_blocked',
            match(error_names, 'overloaded'), 'overloaded',
            match(error_names, 'rate_limit|ratelimit|resource_exhausted|throttl|toomanyrequests'), 'rate_limited',
            status_code < 400 AND match(error_names, 'timeout|timedout|deadline'), 'timeout',
            match(error_names, 'authentication|permission|invalid_api_key|unauthenticated|accessdenied'), 'auth',
            status_code IN (401, 403, 407), 'auth',
            status_code = 402, 'quota_exhausted',
            status_code IN (408, 504, 522, 524), 'timeout',
            status_code = 429, 'rate_limited',
            status_code = 499, 'unknown',
            status_code IN (503, 529), 'overloaded',
            status_code >= 500, 'server_error',
            status_code >= 400, 'invalid_request',
            kind = 'stream_error' AND match(error_names, 'unavailable'), 'overloaded',
            kind = 'stream_error' AND match(error_names, 'api_error|server_error|internal'), 'server_error',
            kind = 'stream_error', 'stream_interrupted',
            kind = 'request_error' AND (status_code != 0 OR error_names != ' ' OR error_message != ''), 'network',
            'unknown') AS category
    FROM
    (
        SELECT
            *,
            if(JSONHas(body_object, 'response', 'error'), JSONExtractRaw(body_object, 'response', 'error'),
                JSONExtractRaw(body_object, 'error')) AS error_object,
            extractAll(error_object, '"quotaId" *: *"([^"]+)"') AS quota_ids,
            lower(concat(error_type, ' ', error_code)) AS error_names,
            multiIf(
                JSONExtractString(error_object, 'type') != '', JSONExtractString(error_object, 'type'),
                JSONExtractString(error_object, 'status') != '', JSONExtractString(error_object, 'status'),
                JSONExtractString(body_object, '__type') != '', splitByChar('#', JSONExtractString(body_object, '__type'))[-1],
                response_header['x-amzn-errortype'] != '', splitByChar(':', response_header['x-amzn-errortype'])[1],
                a['error.type'] != '' AND NOT match(a['error.type'], '^\\d{3}$'), a['error.type'],
                a['exception.type']) AS error_type,
            multiIf(
                JSONType(error_object, 'code') = 'String', JSONExtractString(error_object, 'code'),
                notEmpty(quota_ids), arrayFirst(id -> id != '',
                    [arrayFirst(id -> id LIKE '%PerDay%', quota_ids), quota_ids[1]]),
                match(error_object, '"reason" *: *"[A-Z_]+"'), extract(error_object, '"reason" *: *"([A-Z_]+)"'),
                JSONType(error_object, 'code') IN ('Int64', 'UInt64'), JSONExtractRaw(error_object, 'code'),
                JSONType(body_object, 'code') = 'String', JSONExtractString(body_object, 'code'),
                a['ops.upstream.error.code'] != '', a['ops.upstream.error.code'],
                status_code = 0, extract(a['exception.message'], '\\b(E[A-Z_]{4,}|UND_ERR_[A-Z_]+|CERT_[A-Z_]+)\\b'),
                '') AS error_code,
            multiIf(
                JSONExtractString(error_object, 'message') != '', JSONExtractString(error_object, 'message'),
                JSONType(error_object) = 'String', JSONExtractString(body_object, 'error'),
                JSONExtractString(body_object, 'message') != '', JSONExtractString(body_object, 'message'),
                JSONExtractString(body_object, 'Message') != '', JSONExtractString(body_object, 'Message'),
                JSONExtractString(body_object, 'detail') != '', JSONExtractString(body_object, 'detail'),
                a['exception.message'] != '', a['exception.message'],
                a['error.message'] != '', a['error.message'],
                status_message != '', status_message,
                status_code >= 400, trim(substring(response_body, 1, 8192)),
                '') AS error_message
        FROM
        (
            SELECT
                *,
                lower(hex(SHA256(concat(trace_id, '\0', span_id, '\0', event_name, '\0',
                    toString(toUnixTimestamp64Nano(event_time)), '\0', toString(ordinal))))) AS id_hash,
                fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Nano(event_time), 1000000), 'UTC') AS created_at,
                if(a['url.full'] != '', a['url.full'], a['http.url']) AS url,
                if(a['url.path'] != '', a['url.path'], a['http.target']) AS url_path,
                multiIf(a['server.address'] != '', a['server.address'], a['net.peer.name'] != '', a['net.peer.name'],
                    domain(url)) AS host,
                lower(multiIf(a['gen_ai.provider.name'] != '', a['gen_ai.provider.name'],
                    a['gen_ai.system'] != '', a['gen_ai.system'],
                    match(host, '(^|\\.)(api\\.openai\\.com|chatgpt\\.com)$'), 'openai',
                    match(host, '(^|\\.)api\\.anthropic\\.com$'), 'anthropic',
                    match(host, '(^|\\.)generativelanguage\\.googleapis\\.com$'), 'gemini',
                    match(host, 'aiplatform\\.googleapis\\.com$'), 'vertex',
                    match(host, 'cloudcode-pa(\\.sandbox)?\\.googleapis\\.com$'), 'antigravity',
                    match(host, '(openai|cognitiveservices|services\\.ai)\\.azure\\.(com|us|cn)$'), 'azure_openai',
                    match(host, 'bedrock-(runtime|mantle)'), 'bedrock',
                    match(host, '(^|\\.)openrouter\\.ai$'), 'openrouter',
                    match(host, '(^|\\.)api\\.deepseek\\.com$'), 'deepseek',
                    match(host, '(^|\\.)api\\.x\\.ai$'), 'xai', '')) AS platform,
                toUInt16OrZero(if(a['http.response.status_code'] != '', a['http.response.status_code'], a['http.status_code'])) AS status_code,
                a['ops.upstream.error.kind'] AS given_kind,
                multiIf(given_kind IN ('http_error', 'request_error', 'stream_error', 'retry_exhausted', 'failover'), given_kind,
                    a['ops.upstream.stream_phase'] = 'mid_stream', 'stream_error',
                    status_code = 0, 'request_error', 'http_error') AS kind,
                a['http.response.body.content'] AS response_body,
                -- Google answers some errors as a list of one; in a broken stream the error is its last event.
                multiIf(startsWith(response_body, '['), JSONExtractRaw(response_body, 1),
                    match(response_body, '(?m)^data:'), extract(response_body, 'data: *(\\{[^\\n]*"error"[^\\n]*\\})'),
                    response_body) AS body_object,
                mapUpdate(
                    mapApply((name, value) -> (lower(name), value),
                        JSONExtract(a['http.request.headers'], 'Map(String, String)')),
                    mapApply((name, value) -> (lower(substring(name, 21)), if(startsWith(value, '['),
                            arrayStringConcat(JSONExtract(value, 'Array(String)'), ', '), value)),
                        mapFilter((name, value) -> startsWith(name, 'http.request.header.'), mapped))) AS request_header,
                mapUpdate(
                    mapApply((name, value) -> (lower(name), value),
                        JSONExtract(a['http.response.headers'], 'Map(String, String)')),
                    mapApply((name, value) -> (lower(substring(name, 22)), if(startsWith(value, '['),
                            arrayStringConcat(JSONExtract(value, 'Array(String)'), ', '), value)),
                        mapFilter((name, value) -> startsWith(name, 'http.response.header.'), mapped))) AS response_header
            FROM
            (
                SELECT
                    TraceId AS trace_id,
                    SpanId AS span_id,
                    SpanKind AS span_kind,
                    Duration AS duration,
                    StatusMessage AS status_message,
                    event_time,
                    event_name,
                    ordinal,
                    has(Events.Name, 'ops.upstream_error') AS has_own_event,
                    -- The event's attributes win over its span's, these over the resource's; an empty one does not count.
                    mapUpdate(mapUpdate(ResourceAttributes, mapFilter((name, value) -> value != '', SpanAttributes)),
                        mapFilter((name, value) -> value != '', event_attributes)) AS a,
                    CAST(a, 'Map(String, String)') AS mapped,
                    arrayExists(name -> event_attributes[name] != '' OR SpanAttributes[name] != '', provider_names)
                        OR arrayExists(status -> status = 429 OR status BETWEEN 500 AND 599, [
                            toUInt16OrZero(event_attributes['http.response.status_code']),
                            toUInt16OrZero(event_attributes['http.status_code']),
                            toUInt16OrZero(SpanAttributes['http.response.status_code']),
                            toUInt16OrZero(SpanAttributes['http.status_code'])]) AS is_provider_failure
                FROM otel_traces
                ARRAY JOIN
                    Events.Timestamp AS event_time,
                    Events.Name AS event_name,
                    Events.Attributes AS event_attributes,
                    arrayMap((index, time, name) -> countEqual(
                            arraySlice(arrayZip(Events.Timestamp, Events.Name), 1, index - 1), (time, name)),
                        arrayEnumerate(Events.Name), Events.Timestamp, Events.Name) AS ordinal
                WHERE event_name = 'ops.upstream_error'
                   OR (event_name IN exception_names AND NOT has_own_event AND is_provider_failure)
            )
            WHERE created_at > now64(3) - INTERVAL 30 DAY AND created_at < now64(3) + INTERVAL 1 DAY
        )
    )
);
