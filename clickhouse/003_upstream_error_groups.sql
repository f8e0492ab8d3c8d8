-- Counts of similar errors. The fingerprint is made of the other dimensions and more, so they add no rows.
CREATE TABLE IF NOT EXISTS ops_upstream_errors_1h_group
(
    bucket      DateTime('UTC')         CODEC(Delta, ZSTD(1)),
    fingerprint UInt64                  CODEC(ZSTD(1)),
    platform    LowCardinality(String)  CODEC(ZSTD(1)),
    status_code UInt16                  CODEC(T64, ZSTD(1)),
    category    LowCardinality(String)  CODEC(ZSTD(1)),
    events      Int64                   CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (bucket, fingerprint, platform, status_code, category)
TTL bucket + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Events that were stored before; nothing else writes while migrations run.
INSERT INTO ops_upstream_errors_1h_group
SELECT toStartOfHour(created_at) AS bucket, fingerprint, platform, status_code, category, count() AS events
FROM ops_upstream_error_events
WHERE (SELECT count() FROM ops_upstream_errors_1h_group) = 0
GROUP BY bucket, fingerprint, platform, status_code, category;

CREATE MATERIALIZED VIEW IF NOT EXISTS ops_upstream_errors_1h_group_mv TO ops_upstream_errors_1h_group AS
SELECT toStartOfHour(created_at) AS bucket, fingerprint, platform, status_code, category, count() AS events
FROM ops_upstream_error_events
GROUP BY bucket, fingerprint, platform, status_code, category;
