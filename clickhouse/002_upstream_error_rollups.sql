-- Counts for charts and top lists, kept by the engine as rows arrive. Three narrow tables: one with all dimensions
-- together has nearly as many rows as the events themselves.
CREATE TABLE IF NOT EXISTS ops_upstream_errors_1m
(
    bucket      DateTime('UTC')         CODEC(Delta, ZSTD(1)),
    platform    LowCardinality(String)  CODEC(ZSTD(1)),
    status_code UInt16                  CODEC(T64, ZSTD(1)),
    category    LowCardinality(String)  CODEC(ZSTD(1)),
    kind        LowCardinality(String)  CODEC(ZSTD(1)),
    events      Int64                   CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (bucket, platform, status_code, category, kind)
TTL bucket + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS ops_upstream_errors_1h_model
(
    bucket      DateTime('UTC')         CODEC(Delta, ZSTD(1)),
    platform    LowCardinality(String)  CODEC(ZSTD(1)),
    model       LowCardinality(String)  CODEC(ZSTD(1)),
    status_code UInt16                  CODEC(T64, ZSTD(1)),
    events      Int64                   CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (bucket, platform, model, status_code)
TTL bucket + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS ops_upstream_errors_1h_account
(
    bucket      DateTime('UTC')         CODEC(Delta, ZSTD(1)),
    platform    LowCardinality(String)  CODEC(ZSTD(1)),
    account_id  String                  CODEC(ZSTD(1)),
    status_code UInt16                  CODEC(T64, ZSTD(1)),
    events      Int64                   CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (bucket, platform, account_id, status_code)
TTL bucket + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS ops_upstream_errors_1m_mv TO ops_upstream_errors_1m AS
SELECT toStartOfMinute(created_at) AS bucket, platform, status_code, category, kind, count() AS events
FROM ops_upstream_error_events
GROUP BY bucket, platform, status_code, category, kind;

CREATE MATERIALIZED VIEW IF NOT EXISTS ops_upstream_errors_1h_model_mv TO ops_upstream_errors_1h_model AS
SELECT toStartOfHour(created_at) AS bucket, platform, model, status_code, count() AS events
FROM ops_upstream_error_events
GROUP BY bucket, platform, model, status_code;

CREATE MATERIALIZED VIEW IF NOT EXISTS ops_upstream_errors_1h_account_mv TO ops_upstream_errors_1h_account AS
SELECT toStartOfHour(created_at) AS bucket, platform, account_id, status_code, count() AS events
FROM ops_upstream_error_events
GROUP BY bucket, platform, account_id, status_code;
