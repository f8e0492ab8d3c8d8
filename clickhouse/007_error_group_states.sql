-- What people decided about groups of similar errors; the newest row of a fingerprint holds, the others are its history.
CREATE TABLE IF NOT EXISTS ops_error_group_states
(
    fingerprint UInt64                 CODEC(ZSTD(1)),
    changed_at  DateTime64(3, 'UTC')   CODEC(ZSTD(1)),
    id          UUID                   CODEC(NONE),
    state       LowCardinality(String) CODEC(ZSTD(1)),
    muted_until DateTime64(3, 'UTC')   CODEC(ZSTD(1)),
    changed_by  String                 CODEC(ZSTD(1)),
    reason      String                 CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (fingerprint, changed_at, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
