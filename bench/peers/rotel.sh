#!/bin/sh
# rotel as a receiver of OTLP with its ClickHouse exporter. Arguments: rotel's program, then more of its options.
# Rows are sent as they are, because the sink does not inflate; rotel's default is lz4.
program=$1
shift
exec "$program" start \
  --otlp-http-endpoint "$OTLP_ENDPOINT" \
  --otlp-grpc-endpoint 127.0.0.1:0 \
  --exporter clickhouse \
  --clickhouse-exporter-endpoint "$CLICKHOUSE_ENDPOINT" \
  --clickhouse-exporter-database otel \
  --clickhouse-exporter-compression none \
  --clickhouse-exporter-async-insert false \
  --batch-max-size 10000 \
  --batch-timeout 1s \
  "$@"
