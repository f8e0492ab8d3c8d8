import { randomUUID } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Batch } from '../event/batch.ts'
import type { StoreClients } from './client.ts'
import { syncReplicas } from './cluster.ts'
import { readRows } from './read-rows.ts'

/** Holds the rows of all rollups. */
export const rollupTable = 'ops_upstream_error_counts'

/** Counts that a materialized view keeps, told apart by the column `rollup_name`. */
export interface Rollup {
  readonly name: string
  readonly table: string
  readonly source: string
  /** The bucket of a row, as SQL over the source. */
  readonly bucket: string
  readonly bucketSeconds: number
  /** Columns that it counts by; the others of its rows are empty. */
  readonly dimensions: readonly string[]
}

export const rollups: readonly Rollup[] = [
  {
    name: '1m',
    bucket: 'toStartOfMinute(created_at)',
    bucketSeconds: 60,
    dimensions: ['platform', 'status_code', 'category', 'kind'],
  },
  {
    name: '1h_model',
    bucket: 'toStartOfHour(created_at)',
    bucketSeconds: 3600,
    dimensions: ['platform', 'model', 'status_code'],
  },
  {
    name: '1h_account',
    bucket: 'toStartOfHour(created_at)',
    bucketSeconds: 3600,
    dimensions: ['platform', 'account_id', 'status_code'],
  },
  {
    name: '1h_group',
    bucket: 'toStartOfHour(created_at)',
    bucketSeconds: 3600,
    dimensions: ['fingerprint', 'platform', 'status_code', 'category'],
  },
  ...['account_id', 'model'].map((member) => ({
    name: `6h_group_${member.replace('_id', '')}`,
    bucket: `toStartOfInterval(created_at, INTERVAL 6 HOUR, 'UTC')`,
    bucketSeconds: 21_600,
    dimensions: ['fingerprint', 'platform', 'status_code', 'category', member],
  })),
].map((rollup) => ({ ...rollup, table: rollupTable, source: 'ops_upstream_error_events' }))

/** Rows of the rollup that differ from the events, with what is missing (or, negative, too much) as `events`. */
export function differenceSql(rollup: Rollup, fromSeconds: number, toSeconds: number): string {
  const keys = ['bucket', ...rollup.dimensions].join(', ')
  return `SELECT ${keys}, sum(n) AS events FROM (
    SELECT ${rollup.bucket} AS bucket, ${rollup.dimensions.join(', ')}, toInt64(count()) AS n FROM ${rollup.source}
    WHERE created_at >= toDateTime64(${fromSeconds}, 3, 'UTC') AND created_at < toDateTime64(${toSeconds}, 3, 'UTC') GROUP BY ${keys}
    UNION ALL
    SELECT ${keys}, -sum(events) AS n FROM ${rollup.table}
    WHERE rollup_name = '${rollup.name}' AND bucket >= toDateTime(${fromSeconds}, 'UTC') AND bucket < toDateTime(${toSeconds}, 'UTC') GROUP BY ${keys}
  ) GROUP BY ${keys} HAVING events != 0`
}

/**
 * Brings the rollups of the batch's buckets in line with the events, by adding what is missing: they are sums, so a
 * negative row takes away. Nothing is inserted when they agree.
 */
export async function repairRollups(clients: StoreClients, batch: Batch): Promise<void> {
  const ofTable = rollups.filter((rollup) => rollup.source === batch.table)
  const counted = ofTable.length > 0 ? [rollupTable] : []
  await syncReplicas(clients.writer, clients.cluster, [batch.table, ...counted])
  for (const rollup of ofTable) {
    const { fromSeconds, toSeconds } = bucketBounds(rollup, batch.minCreatedAtMs, batch.maxCreatedAtMs)
    await addDifference(clients.writer, rollup, fromSeconds, toSeconds)
  }
  await clients.writes.confirm()
}

export function bucketBounds(
  rollup: Rollup,
  minMs: number,
  maxMs: number,
): { fromSeconds: number; toSeconds: number } {
  const start = (ms: number) => Math.floor(ms / 1000 / rollup.bucketSeconds) * rollup.bucketSeconds
  return { fromSeconds: start(minMs), toSeconds: start(maxMs) + rollup.bucketSeconds }
}

/** How many rows of the rollup differ from the events. */
export async function countDifference(
  client: ClickHouseClient,
  rollup: Rollup,
  fromSeconds: number,
  toSeconds: number,
): Promise<number> {
  const sql = differenceSql(rollup, fromSeconds, toSeconds)
  const [row] = await readRows<[string | number]>(client, `SELECT count() FROM (${sql})`)
  return Number(row?.[0] ?? 0)
}

/** @returns how many rows of the rollup were corrected. */
export async function addDifference(
  client: ClickHouseClient,
  rollup: Rollup,
  fromSeconds: number,
  toSeconds: number,
): Promise<number> {
  const different = await countDifference(client, rollup, fromSeconds, toSeconds)
  if (different === 0) return 0
  const columns = ['bucket', ...rollup.dimensions, 'events'].join(', ')
  await client.command({
    query: `INSERT INTO ${rollup.table} (rollup_name, ${columns}) SETTINGS async_insert = 0, insert_deduplication_token = '${randomUUID()}'
      SELECT '${rollup.name}', ${columns} FROM (${differenceSql(rollup, fromSeconds, toSeconds)})`,
  })
  return different
}
