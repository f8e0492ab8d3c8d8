-- Retries of a failed request by an operator. An attempt is one row for each of its states, queued, running and ended,
-- and the row with the highest version holds; times of 1970 and empty texts stand for nothing.
CREATE TABLE IF NOT EXISTS ops_retry_attempts
(
    id                   UUID                   CODEC(NONE),
    version              UInt8                  CODEC(ZSTD(1)),
    created_at           DateTime64(3, 'UTC')   CODEC(ZSTD(1)),
    requested_by_user_id String                 CODEC(ZSTD(1)),
    source_error_id      UUID                   CODEC(NONE),
    mode                 LowCardinality(String) CODEC(ZSTD(1)),
    pinned_account_id    String                 CODEC(ZSTD(1)),
    idempotency_key      String                 CODEC(ZSTD(1)),
    owner                String                 CODEC(ZSTD(1)),
    deadline_at          DateTime64(3, 'UTC')   CODEC(ZSTD(1)),
    status               LowCardinality(String) CODEC(ZSTD(1)),
    started_at           DateTime64(3, 'UTC')   CODEC(ZSTD(1)),
    finished_at          DateTime64(3, 'UTC')   CODEC(ZSTD(1)),
    used_account_id      String                 CODEC(ZSTD(1)),
    http_status_code     UInt16                 CODEC(ZSTD(1)),
    upstream_request_id  String                 CODEC(ZSTD(1)),
    response_preview     String                 CODEC(ZSTD(1)),
    response_truncated   Bool                   CODEC(ZSTD(1)),
    error_message        String                 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source_error_id, id)
TTL toDateTime(created_at) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
