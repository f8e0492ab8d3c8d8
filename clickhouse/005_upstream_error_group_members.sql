-- Which accounts and models a group of similar errors met. Two tables, as their product has nearly as many rows as the
-- events; by six hours, as whole days leave too many events at the ends of a range to be read one by one.
CREATE TABLE IF NOT EXISTS ops_upstream_errors_6h_group_account
(
    bucket      DateTime('UTC')         CODEC(Delta, ZSTD(1)),
    fingerprint UInt64                  CODEC(ZSTD(1)),
    platform    LowCardinality(String)  CODEC(ZSTD(1)),
    status_code UInt16                  CODEC(T64, ZSTD(1)),
    category    LowCardinality(String)  CODEC(ZSTD(1)),
    account_id  String                  CODEC(ZSTD(1)),
    events      Int64                   CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (bucket, fingerprint, platform, status_code, category, account_id)
TTL bucket + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS ops_upstream_errors_6h_group_model
(
    bucket      DateTime('UTC')         CODEC(Delta, ZSTD(1)),
    fingerprint UInt64                  CODEC(ZSTD(1)),
    platform    LowCardinality(String)  CODEC(ZSTD(1)),
    status_code UInt16                  CODEC(T64, ZSTD(1)),
    category    LowCardinality(String)  CODEC(ZSTD(1)),
    model       LowCardinality(String)  CODEC(ZSTD(1)),
    events      Int64                   CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (bucket, fingerprint, platform, status_code, category, model)
TTL bucket + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Events that were stored before; nothing else writes while migrations run.
INSERT INTO ops_upstream_errors_6h_group_account
SELECT toStartOfInterval(created_at, INTERVAL 6 HOUR, 'UTC') AS bucket, fingerprint, platform, status_code, category, account_id, count() AS events
FROM ops_upstream_error_events
WHERE (SELECT count() FROM ops_upstream_errors_6h_group_account) = 0
GROUP BY bucket, fingerprint, platform, status_code, category, account_id;

INSERT INTO ops_upstream_errors_6h_group_model
SELECT toStartOfInterval(created_at, INTERVAL 6 HOUR, 'UTC') AS bucket, fingerprint, platform, status_code, category, model, count() AS events
FROM ops_upstream_error_events
WHERE (SELECT count() FROM ops_upstream_errors_6h_group_model) = 0
GROUP BY bucket, fingerprint, platform, status_code, category, model;

CREATE MATERIALIZED VIEW IF NOT EXISTS ops_upstream_errors_6h_group_account_mv TO ops_upstream_errors_6h_group_account AS
SELECT toStartOfInterval(created_at, INTERVAL 6 HOUR, 'UTC') AS bucket, fingerprint, platform, status_code, category, account_id, count() AS events
FROM ops_upstream_error_events
GROUP BY bucket, fingerprint, platform, status_code, category, account_id;

CREATE MATERIALIZED VIEW IF NOT EXISTS ops_upstream_errors_6h_group_model_mv TO ops_upstream_errors_6h_group_model AS
SELECT toStartOfInterval(created_at, INTERVAL 6 HOUR, 'UTC') AS bucket, fingerprint, platform, status_code, category, model, count() AS events
FROM ops_upstream_error_events
GROUP BY bucket, fingerprint, platform, status_code, category, model;
