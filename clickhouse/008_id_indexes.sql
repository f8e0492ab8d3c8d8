-- Filters of an id over 16384 rows instead of 2048: as many bytes, an eighth as many filters to load, and a look-up over
-- 20 million events takes three quarters of the time. A rarer false hit makes up for the eight granules that it reads. Parts
-- that are there get theirs in the background; until then a look-up reads the id column of those.
ALTER TABLE ops_upstream_error_events
    DROP INDEX IF EXISTS ix_event_id,
    DROP INDEX IF EXISTS ix_request_id,
    DROP INDEX IF EXISTS ix_client_request_id,
    DROP INDEX IF EXISTS ix_trace_id,
    DROP INDEX IF EXISTS ix_upstream_request_id,
    ADD INDEX IF NOT EXISTS ix8_event_id            event_id            TYPE bloom_filter(0.0003) GRANULARITY 8,
    ADD INDEX IF NOT EXISTS ix8_request_id          request_id          TYPE bloom_filter(0.0003) GRANULARITY 8,
    ADD INDEX IF NOT EXISTS ix8_client_request_id   client_request_id   TYPE bloom_filter(0.0003) GRANULARITY 8,
    ADD INDEX IF NOT EXISTS ix8_trace_id            trace_id            TYPE bloom_filter(0.0003) GRANULARITY 8,
    ADD INDEX IF NOT EXISTS ix8_upstream_request_id upstream_request_id TYPE bloom_filter(0.0003) GRANULARITY 8;

ALTER TABLE ops_upstream_error_events
    MATERIALIZE INDEX IF EXISTS ix8_event_id,
    MATERIALIZE INDEX IF EXISTS ix8_request_id,
    MATERIALIZE INDEX IF EXISTS ix8_client_request_id,
    MATERIALIZE INDEX IF EXISTS ix8_trace_id,
    MATERIALIZE INDEX IF EXISTS ix8_upstream_request_id;

ALTER TABLE ops_error_logs
    DROP INDEX IF EXISTS ix_event_id,
    DROP INDEX IF EXISTS ix_request_id,
    DROP INDEX IF EXISTS ix_client_request_id,
    DROP INDEX IF EXISTS ix_trace_id,
    ADD INDEX IF NOT EXISTS ix8_event_id          event_id          TYPE bloom_filter(0.0003) GRANULARITY 8,
    ADD INDEX IF NOT EXISTS ix8_request_id        request_id        TYPE bloom_filter(0.0003) GRANULARITY 8,
    ADD INDEX IF NOT EXISTS ix8_client_request_id client_request_id TYPE bloom_filter(0.0003) GRANULARITY 8,
    ADD INDEX IF NOT EXISTS ix8_trace_id          trace_id          TYPE bloom_filter(0.0003) GRANULARITY 8;

ALTER TABLE ops_error_logs
    MATERIALIZE INDEX IF EXISTS ix8_event_id,
    MATERIALIZE INDEX IF EXISTS ix8_request_id,
    MATERIALIZE INDEX IF EXISTS ix8_client_request_id,
    MATERIALIZE INDEX IF EXISTS ix8_trace_id;
